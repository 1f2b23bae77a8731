package io.millrace.scsi;

import io.millrace.bdev.BdevDescriptor;

/**
 * A number by which initiators of one target reach a logical unit.
 *
 * @param number 0 to {@link ScsiTarget#MAX_LUN}
 * @param unit that it leads to, perhaps with other numbers elsewhere
 * @param descriptor the target's own opening of the unit's bdev
 * @param readOnly whether nobody may write by this way
 */
record Lun(int number, LogicalUnit unit, BdevDescriptor descriptor, boolean readOnly) {}
