import type { Claim, Review } from '@millwright/core/review';

/** The claims of this tab: a reload does not lose them, another tab does not decide with them. */
export const claims = {
  keep(review: string, claim: Claim): void {
    sessionStorage.setItem(`claim ${review}`, JSON.stringify(claim));
  },
  /** The claim, as long as the service knows of it: its clock decides, not the browser's. */
  of({ id, claims: known }: Review): Claim | undefined {
    const kept = sessionStorage.getItem(`claim ${id}`);
    const claim = kept === null ? undefined : (JSON.parse(kept) as Claim);
    return known.some(({ by, until }) => by === claim?.by && until === claim.until) ? claim : undefined;
  },
  drop(review: string): void {
    sessionStorage.removeItem(`claim ${review}`);
  },
};
