/** Queue pairs and data structures of the driver, by themselves. */
@NullMarked
package io.millrace.nvme;

import org.jspecify.annotations.NullMarked;
