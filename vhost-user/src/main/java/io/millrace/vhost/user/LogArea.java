package io.millrace.vhost.user;

/**
 * The dirty-page log ("Log description"). Unchecked unsigned numbers of the front-end.
 *
 * @param size bytes
 * @param offset where it begins in the file that came with it
 */
public record LogArea(long size, long offset) {}
