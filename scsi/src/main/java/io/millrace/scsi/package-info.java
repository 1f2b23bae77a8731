/**
 * A SCSI target with no transport in it (SAM-6, SPC-5, SBC-4).
 *
 * <p>A transport makes a {@link io.millrace.scsi.Nexus} of an initiator and a {@link
 * io.millrace.scsi.ScsiTarget}, finds the {@link io.millrace.scsi.LunPath} of a LUN on its reactor,
 * fills a {@link io.millrace.scsi.ScsiTask} and submits it there. {@link
 * io.millrace.scsi.CommandTable} is the place to start reading: what is in it is what is done.
 *
 * <p>Targets, logical units and their lists belong to the control thread; paths and tasks to their
 * reactor; what several reactors share is an immutable snapshot, read without a lock.
 */
@NullMarked
package io.millrace.scsi;

import org.jspecify.annotations.NullMarked;
