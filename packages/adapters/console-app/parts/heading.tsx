import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** The page's name, in the page and in the window's title. */
export function Heading({
  title,
  about,
  children,
}: {
  readonly title: string;
  readonly about?: string | undefined;
  readonly children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Millwright`;
  }, [title]);
  return (
    <div class="heading">
      <div>
        <h1>{title}</h1>
        {about !== undefined && about !== '' && <p class="lead">{about}</p>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}
