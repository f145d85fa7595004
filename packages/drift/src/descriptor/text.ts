/** What a text is like, without what it says. Shares are of characters unless they name words. */
export interface TextDescriptor {
  /** Characters as people count code points. */
  readonly characters: number;
  readonly words: number;
  readonly wordLength: number;
  readonly digits: number;
  readonly punctuation: number;
  readonly upperCase: number;
  readonly whitespace: number;
  /** Shares of letters per script; the rest is `otherScript`. */
  readonly latin: number;
  readonly cyrillic: number;
  readonly greek: number;
  readonly arabic: number;
  readonly hebrew: number;
  readonly devanagari: number;
  readonly han: number;
  readonly kana: number;
  readonly hangul: number;
  readonly otherScript: number;
  readonly emoji: number;
  /** Share of words that came before in the same text. */
  readonly repetition: number;
  /** Share of words that the vocabulary lacks; NaN without a vocabulary or without words. */
  readonly unknownWords: number;
  /** Lone halves of surrogate pairs and replacement characters: signs of broken decoding. */
  readonly broken: number;
}

/** Which words are known, so that unknown ones can be counted. */
export interface TextOptions {
  /** Known words in lower case: those of the reference (`vocabularyOf`). */
  readonly vocabulary?: ReadonlySet<string> | undefined;
}

/** Describes a text in one pass. Words are runs of letters, marks and digits, compared in lower case (NFC). */
export function describeText(text: string, { vocabulary }: TextOptions = {}): TextDescriptor {
  const counts = Object.fromEntries(CLASSES.map(([name]) => [name, 0])) as Record<ClassName, number>;
  const scripts = Object.fromEntries(SCRIPTS.map(([name]) => [name, 0])) as Record<ScriptName, number>;
  let [characters, letters, otherScript] = [0, 0, 0];
  for (const character of text) {
    characters++;
    for (const [name, pattern] of CLASSES) if (pattern.test(character)) counts[name]++;
    if (!/\p{L}/u.test(character)) continue;
    letters++;
    const script = SCRIPTS.find(([, pattern]) => pattern.test(character));
    if (script === undefined) otherScript++;
    else scripts[script[0]]++;
  }
  const words = wordsOf(text);
  const seen = new Set(words);
  const share = (count: number, of: number) => (of === 0 ? 0 : count / of);
  const perLetter = Object.fromEntries(SCRIPTS.map(([name]) => [name, share(scripts[name], letters)]));
  const perCharacter = Object.fromEntries(CLASSES.map(([name]) => [name, share(counts[name], characters)]));
  return {
    characters,
    words: words.length,
    wordLength: share(
      words.reduce((sum, word) => sum + [...word].length, 0),
      words.length,
    ),
    ...(perCharacter as Record<ClassName, number>),
    ...(perLetter as Record<ScriptName, number>),
    otherScript: share(otherScript, letters),
    repetition: share(words.length - seen.size, words.length),
    unknownWords:
      vocabulary === undefined ? Number.NaN : words.filter((word) => !vocabulary.has(word)).length / words.length,
  };
}

/** The words of the reference that occur at least `least` times, the most frequent first, `most` of them at the most. */
export function vocabularyOf(texts: Iterable<string>, { least = 2, most = 50_000 } = {}): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const kept = [...counts].filter(([, count]) => count >= least).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return new Set(kept.slice(0, most).map(([word]) => word));
}

/**
 * How often each of `cells` groups of words occurs: words are hashed (FNV-1a), so the counts add up over texts and replicas
 * and hold no word. Compare them with `testCells`.
 */
export function hashedWords(text: string, cells = 256): Float64Array {
  const counts = new Float64Array(cells);
  for (const word of wordsOf(text)) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    counts[(hash >>> 0) % cells]!++;
  }
  return counts;
}

const CLASSES = [
  ['digits', /\p{Nd}/u],
  ['punctuation', /\p{P}/u],
  ['upperCase', /\p{Lu}/u],
  ['whitespace', /\s/u],
  ['emoji', /\p{Extended_Pictographic}/u],
  ['broken', /[\p{Cs}\ufffd]/u],
] as const;
const SCRIPTS = [
  ['latin', /\p{Script=Latin}/u],
  ['cyrillic', /\p{Script=Cyrillic}/u],
  ['greek', /\p{Script=Greek}/u],
  ['arabic', /\p{Script=Arabic}/u],
  ['hebrew', /\p{Script=Hebrew}/u],
  ['devanagari', /\p{Script=Devanagari}/u],
  ['han', /\p{Script=Han}/u],
  ['kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['hangul', /\p{Script=Hangul}/u],
] as const;

type ClassName = (typeof CLASSES)[number][0];
type ScriptName = (typeof SCRIPTS)[number][0];

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{Nd}]+/gu) ?? []
  );
}
