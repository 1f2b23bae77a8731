/**
 * The formats by which a disk outlives its back-end, and their rules: the log of dirty pages while
 * a guest moves to another host, and the region that remembers requests in flight when a back-end
 * dies. Memory and numbers only; who shares the memory, and when, is the business of others.
 */
@NullMarked
package io.millrace.live.migration;

import org.jspecify.annotations.NullMarked;
