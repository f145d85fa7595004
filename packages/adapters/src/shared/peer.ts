import { MillwrightError } from '@millwright/core';

/** Loads an optional peer, or says what to install. @throws `peer/missing` */
export async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const install = `npm install ${name}`;
    throw new MillwrightError(
      'peer/missing',
      `This adapter needs \`${name}\`, which could not be loaded. Install it: ${install}`,
      {
        details: { peer: name, install },
        cause,
      },
    );
  }
}
