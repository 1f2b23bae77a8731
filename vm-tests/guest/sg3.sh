#!/usr/bin/env bash
# The disk with sg3-utils for a guest.
exec "$(dirname "${BASH_SOURCE[0]}")/tools.sh" sg3 \
  sg_inq sg_vpd sg_luns sg_readcap sg_modes sg_wr_mode sg_opcodes sg_logs sg_requests sg_turs sg_start sg_prevent sg_senddiag sg_ident \
  sg_timestamp sg_rtpg sg_stpg sg_verify sg_write_same sg_write_x sg_compare_and_write sg_get_lba_status sg_unmap sg_sync sg_persist \
  sg_reset sg_dd sg_write_verify sg_seek sg_raw
