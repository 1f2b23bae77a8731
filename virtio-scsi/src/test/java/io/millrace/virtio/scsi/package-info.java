@NullMarked
package io.millrace.virtio.scsi;

import org.jspecify.annotations.NullMarked;
