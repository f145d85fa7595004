import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Who looks, and what there is to look at. */
export interface Session {
  readonly actor?: string | undefined;
  /** Whether anything can be written at all; what exactly, the service says when it is asked. */
  readonly writes: boolean;
  readonly parts: { readonly reviews: boolean; readonly monitors: boolean };
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session | undefined {
  return useContext(SessionContext);
}
