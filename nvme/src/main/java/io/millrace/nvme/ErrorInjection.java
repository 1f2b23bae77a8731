package io.millrace.nvme;

/**
 * An error that commands of a kind end with, for tests of what stands above.
 *
 * @param opcode of the commands
 * @param withhold whether the controller never gets them; else it does them, and only their status
 *     is another
 * @param delayNanos how long withheld ones take
 * @param count how many commands
 * @param status that they end with
 */
public record ErrorInjection(
    int opcode, boolean withhold, long delayNanos, int count, int status) {}
