/** The JSON-RPC methods of SCSI controllers. Control thread. */
@NullMarked
package io.millrace.virtio.scsi.rpc;

import org.jspecify.annotations.NullMarked;
