Mode and log pages. What may be changed is changed, read back by the tool and by the kernel, and put back.

## MODE SENSE(10) by sg_modes

SPC-5 §7.5, SBC-4 §6.5: current, changeable and default values of all pages; none are saved (05/39/00).

  $ sg_modes --all --all /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(10):
    Mode data length=144, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=8
  > Direct access device block descriptors:
     Density code=0x0
   00     00 00 80 00 00 00 02 00
  >> Read-Write error recovery, page_control: current
   00     01 0a 00 00 00 00 00 00  00 00 00 00
  >> Caching, page_control: current
   00     08 12 04 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  >> Control, page_control: current
   00     0a 0a 02 10 00 40 00 00  00 00 00 00
  >> Control extension, page_control: current
   00     4a 01 00 1c 07 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
  >> Power condition, page_control: current
   00     1a 26 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   20     00 00 00 00 00 00 00 00
  >> Informational exceptions control, page_control: current
   00     1c 0a 00 06 00 00 00 00  00 00 00 00
  $ sg_modes --all --all --control=1 --dbd /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(10):
    Mode data length=136, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Read-Write error recovery, page_control: changeable
   00     01 0a 00 00 00 00 00 00  00 00 00 00
  >> Caching, page_control: changeable
   00     08 12 04 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  >> Control, page_control: changeable
   00     0a 0a 04 00 08 00 00 00  00 00 00 00
  >> Control extension, page_control: changeable
   00     4a 01 00 1c 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
  >> Power condition, page_control: changeable
   00     1a 26 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   20     00 00 00 00 00 00 00 00
  >> Informational exceptions control, page_control: changeable
   00     1c 0a 00 0f 00 00 00 00  00 00 00 00
  $ sg_modes --all --all --control=2 --dbd --raw /dev/sg0 >default
  $ sg_modes --all --all --control=0 --dbd --raw /dev/sg0 | cmp default -
  $ wc -c <default
  136
  $ sg_modes --verbose --control=3 --page=8 /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
      mode sense(10) cdb: [5a 00 c8 00 00 00 00 10 00 00]
  mode sense(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Saving parameters not supported
  invalid field in cdb (perhaps page control (PC) not supported)
  [5]
  $ sg_modes --llbaa --page=8 /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(10):
    Mode data length=44, medium type=0x00, WP=0, DpoFua=1, longlba=1
    Block descriptor length=16
  > longlba direct access device block descriptors:
     Density code=0x0
   00     00 00 00 00 00 00 80 00  00 00 00 00 00 00 02 00
  >> Caching, page_control: current
   00     08 12 04 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  $ sg_modes --verbose --page=2 /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
      mode sense(10) cdb: [5a 00 02 00 00 00 00 10 00 00]
  mode sense(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2 bit 5
  invalid field in cdb (perhaps page 0x2 not supported)
  [5]

## MODE SENSE(6) by sg_modes

  $ sg_modes --six --page=8 /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(6):
    Mode data length=32, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=8
  > Direct access device block descriptors:
     Density code=0x0
   00     00 00 80 00 00 00 02 00
  >> Caching, page_control: current
   00     08 12 04 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  $ sg_modes --six --dbd --page=0x0a,0 /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(6):
    Mode data length=16, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Control, page_control: current
   00     0a 0a 02 10 00 40 00 00  00 00 00 00

## MODE SELECT(10) by sg_wr_mode

WCE off: the kernel of /dev/sg0 sees a write-through cache, the other initiator is told (2A/01) and reads it too.

  $ cat /sys/class/scsi_generic/sg0/device/block/*/queue/write_cache
  write back
  $ sg_wr_mode --page=8 --contents=8,12,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 /dev/sg0
  $ sg_modes --dbd --page=8 /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(10):
    Mode data length=28, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Caching, page_control: current
   00     08 12 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 01 00 00
   10     00 00
  $ sg_modes --dbd --page=8 /dev/sg1
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(10):
    Mode data length=28, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Caching, page_control: current
   00     08 12 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  $ echo 1 >/sys/class/scsi_generic/sg0/device/rescan; cat /sys/class/scsi_generic/sg0/device/block/*/queue/write_cache
  write through

A bit that may not be changed (RCD): 26/00, at its byte and bit in the list, behind a header of 8 bytes and a block descriptor.

  $ sg_wr_mode --verbose --page=8 --contents=8,12,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      mode sense(10) cdb: [5a 00 08 00 00 00 00 08 00 00]
      mode select(10) cdb: [55 10 00 00 00 00 00 00 24 00]
  mode select(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in parameter list
    Sense Key Specific: Error in Data parameters: byte 18 bit 0
  [5]

## MODE SELECT(6) by sg_wr_mode

  $ sg_wr_mode --six --page=8 --contents=8,12,4,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 /dev/sg0
  $ sg_modes --six --dbd --page=8 /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(6):
    Mode data length=24, medium type=0x00, WP=0, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Caching, page_control: current
   00     08 12 04 00 00 00 00 00  00 00 00 00 00 00 00 00
   10     00 00 00 00
  $ echo 1 >/sys/class/scsi_generic/sg0/device/rescan; cat /sys/class/scsi_generic/sg0/device/block/*/queue/write_cache
  write back

SWP: nobody writes (07/27/00), and the header says WP.

  $ sg_wr_mode --six --page=a --contents=a,a,2,10,8,40,0,0,0,0,0,0 /dev/sg0
  $ sg_modes --six --dbd --page=0x0a /dev/sg0
      MILLRACE  AIO disk          0001   peripheral_type: disk [0x0]
  Mode parameter header from MODE SENSE(6):
    Mode data length=16, medium type=0x00, WP=1, DpoFua=1, longlba=0
    Block descriptor length=0
  >> Control, page_control: current
   00     0a 0a 02 10 08 40 00 00  00 00 00 00
  $ sg_raw --send=512 --infile=/dev/zero /dev/sg0 2a 00 00 00 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Data Protect
  Additional sense: Write protected
  [7]

D_SENSE: sense data has descriptors, and room for what an LBA of 64 bits needs.

  $ sg_wr_mode --six --page=a --contents=a,a,6,10,0,40,0,0,0,0,0,0 /dev/sg0
  $ sg_raw --request=64 /dev/sg0 12 02 00 00 40 00
  SCSI Status: Check Condition
  Sense Information:
  Descriptor format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Descriptor type: Sense key specific: Field pointer:
          Error in Command: byte 1 bit 1
  Error 5 occurred, no data received
  [5]
  $ sg_wr_mode --six --page=a --contents=a,a,2,10,0,40,0,0,0,0,0,0 /dev/sg0
  $ sg_modes --all --all --control=0 --dbd --raw /dev/sg0 | cmp default -
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 01 00 00
   10     00 00

## LOG SENSE by sg_logs

SPC-5 §7.3: the pages of docs/scsi.md. There is no temperature: FFh in page 2Fh, and no page 0Dh.

  $ sg_logs --no_inq --list --list /dev/sg0
  Supported log pages and subpages  [0x0, 0xff]:
      0x00        Supported log pages [sp]
      0x00,0xff   Supported log pages and subpages [ssp]
      0x15        Background scan results [bsr]
      0x19        General Statistics and Performance [gsp]
      0x2f        Informational exceptions [ie]
  $ sg_logs --no_inq --page=0x15 /dev/sg0 | sed 's/minutes: .*/minutes: some/'
  Background scan results page  [0x15]
    Status parameters:
      Accumulated power on minutes: some
      Status: no background scans active
      Number of background scans performed: 0
      Background medium scan progress: 0.00 %
      Number of background medium scans performed: 0 [not reported]
  $ sg_logs --no_inq --page=0x2f --hex /dev/sg0
  Log page code=0x2f, DS=0, SPF=0, page_len=0x8
   00     2f 00 00 08 00 00 03 04  00 00 ff 00
  $ sg_logs --verbose --no_inq --page=0x0d /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      log sense cdb: [4d 00 4d 00 00 00 00 00 04 00]
  log sense:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2 bit 5
  log_sense: field in cdb illegal
  [5]

## LOG SELECT by sg_logs

Counters begin again at zero, and the other initiator is told (2A/02). Then: 3 reads, 24 blocks (SPC-5 §7.3.12; sg3_utils
decodes this page only with parameters that are optional, so it is in hexadecimal).

  $ sg_logs --no_inq --select --reset --page=0x19 /dev/sg0
  $ sg_logs --no_inq --page=0x19 --hex /dev/sg0
  Log page code=0x19, DS=0, SPF=0, page_len=0x44
   00     19 00 00 44 00 01 03 40  00 00 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   20     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   30     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   40     00 00 00 00 00 00 00 00
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 02 00 00
   10     00 00
  $ sg_dd if=/dev/sg0 of=/dev/null bs=512 bpt=8 skip=0 count=24
  24+0 records in
  24+0 records out
  $ sg_logs --no_inq --page=0x19 --hex /dev/sg0
  Log page code=0x19, DS=0, SPF=0, page_len=0x44
   00     19 00 00 44 00 01 03 40  00 00 00 00 00 00 00 03
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   20     00 00 00 00 00 00 00 18  00 00 00 00 00 00 00 00
   30     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
   40     00 00 00 00 00 00 00 00
