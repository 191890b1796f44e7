// The client of Redis, a bundle of its own: it is large, and many a platform has no Redis.

export { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
