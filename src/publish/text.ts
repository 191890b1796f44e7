// Numbers and other people's words as a person reads them.

export { bytesText, count, listOf, visible } from '../hippofacts/text.ts';
