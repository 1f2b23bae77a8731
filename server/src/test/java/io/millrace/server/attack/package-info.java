/**
 * The attack corpus: front-ends and guests that lie, each attack with the rule that it tries to
 * break. Start at {@link io.millrace.server.attack.Corpus}, which runs one against any back-end;
 * the classes named {@code ...Attacks} hold them, {@code docs/security.md} their results.
 *
 * <p>An encoder of its own: messages and rings are written as bytes, from the numbers of the
 * specifications. Of the product only {@code io.millrace.linux} is used, for system calls and
 * memory, so that what the product misunderstands is not misunderstood here too. The test's thread
 * runs it, and now and then a thread that rewrites what the device is reading.
 */
package io.millrace.server.attack;
