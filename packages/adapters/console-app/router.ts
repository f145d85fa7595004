import { useEffect, useState } from 'preact/hooks';
import { path } from './api.js';

/** Where the reader is, from the address: `#/versions/fraud@2` is the page `versions` with the id `fraud@2`. */
export interface Place {
  readonly page: string;
  readonly id: string | undefined;
}

/** The address of a page. */
export function to(...parts: readonly string[]): string {
  return `#/${path(...parts)}`;
}

export function usePlace(): Place {
  const [place, setPlace] = useState(current);
  useEffect(() => {
    const moved = () => setPlace(current());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

function current(): Place {
  const [page = '', id] = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
  return { page: page === '' ? 'models' : page, id };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
