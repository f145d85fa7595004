import { Heading } from '../parts/heading.js';

export function LineagePage({ node }: { readonly node: string }) {
  return <Heading title={`Lineage of ${node}`} />;
}
