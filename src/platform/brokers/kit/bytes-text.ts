// Sizes as people read them.

/** Of 1024, as the limits are. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) || power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
