/** What a packet does. Content of files may be cut, and left out together with what only acknowledges it. */
export type Part = 'message' | 'content' | 'acknowledgement';
