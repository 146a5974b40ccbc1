// Bounds on tokens that both ends keep: the sidecar before it looks into one, the backend before it hands one on.

/** No token is longer, however it travels. */
export const maxTokenLength = 8192
