package io.millrace.reactor;

/**
 * What a reactor did with one of its pollers.
 *
 * @param id tells it from all others that this reactor ever had, from 1
 * @param name what it calls itself
 * @param resting whether it is not looked at until somebody wakes it
 * @param polls how often it was looked at
 * @param busyPolls how often it had work then
 */
public record PollerReport(long id, String name, boolean resting, long polls, long busyPolls) {}
