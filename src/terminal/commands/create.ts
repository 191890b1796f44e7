// `hippo create`: a short way to say `hippo app add`.

export { configureAdd as configure } from './app.ts';
