import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A button that asks before it acts: a dialog with a form, and what the service said when it refused. */
export function AskButton({
  label,
  title,
  about,
  act,
  danger = false,
  children,
}: {
  readonly label: string;
  readonly title: string;
  readonly about: string;
  readonly danger?: boolean | undefined;
  /** The fields; what they hold is given to `act` by their names. */
  readonly children?: ComponentChildren;
  /** Throwing keeps the dialog open with the message. */
  act(fields: Readonly<Record<string, string>>): Promise<unknown>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  const submit = async (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const fields = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    );
    try {
      await act(fields);
      dialog.current?.close();
    } catch (failed) {
      setError(failed as Error);
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" class={danger ? 'danger' : ''} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <dialog
          ref={dialog}
          aria-label={title}
          onClose={() => {
            setOpen(false);
            setError(undefined);
          }}
        >
          <form onSubmit={submit}>
            <h2>{title}</h2>
            <p>{about}</p>
            {children}
            {error !== undefined && (
              <p class="failure" role="alert">
                {error.message}
              </p>
            )}
            <div class="actions">
              <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy}>
                {label}
              </button>
              <button type="button" onClick={() => dialog.current?.close()}>
                Cancel
              </button>
            </div>
          </form>
        </dialog>
      )}
    </>
  );
}

/** A line of text that must be filled in. */
export function TextField({
  name,
  label,
  value,
}: {
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
}) {
  return (
    <label>
      <span>{label}</span>
      <input name={name} required maxLength={2_000} defaultValue={value} autoComplete="off" />
    </label>
  );
}
