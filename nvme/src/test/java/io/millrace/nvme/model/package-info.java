/**
 * An NVM Express controller made of memory, for tests of drivers and for benchmarks: {@link
 * io.millrace.nvme.model.ModelDevice} is the function on the bus, {@link
 * io.millrace.nvme.model.ModelController} what is behind it. It follows NVM Express base
 * specification 2.0 strictly, notes what a driver does against it, and misbehaves as told by a
 * {@link io.millrace.nvme.model.Script}.
 *
 * <p>It does something only when stepped, on the thread that steps it; {@link
 * io.millrace.nvme.model.ModelController#runOnThread} is for benchmarks. {@code QemuContractTest}
 * holds it against a controller that somebody else wrote.
 */
@NullMarked
package io.millrace.nvme.model;

import org.jspecify.annotations.NullMarked;
