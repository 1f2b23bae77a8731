/**
 * Loads that know every byte, and targets that die, for the tests of the devices: this package is
 * in the module's test jar. One thread; start reading at {@link
 * io.millrace.initiator.load.SlotLoad}.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.initiator.load;
