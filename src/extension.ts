// The editor's front door.

export { activate } from './editor/activate.ts';
