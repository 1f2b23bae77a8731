@NullMarked
package io.millrace.scsi;

import org.jspecify.annotations.NullMarked;
