/** Why there is nothing to see. */
export function Failure({ error }: { readonly error: Error }) {
  return (
    <p class="failure" role="alert">
      {error.message}
    </p>
  );
}

export function Waiting() {
  return <p class="waiting">Loading…</p>;
}
