What a disk does with its blocks. `text WORD BLOCKS` prints lines of this word, so many blocks of them. A line "Blocks"
says what the image has to hold in the end, later ones over earlier ones; all else has to be as it was.

## WRITE(6), READ(6) by sg_dd

Blocks 16-23: WRITE(6)

  $ text 'WRITE(6)' 8 >w6; sg_dd if=w6 of=/dev/sg0 bs=512 seek=16 count=8 cdbsz=6
  8+0 records in
  8+0 records out
  $ sg_dd if=/dev/sg1 bs=512 skip=16 count=8 cdbsz=6 | cmp w6 -
  8+0 records in
  8+0 records out

No blocks mean 256 of them in these two alone (SBC-4 §5.13).

  $ sg_raw --request=131072 --outfile=r /dev/sg0 08 00 00 00 00 00
  SCSI Status: Good
  Writing 131072 bytes of data to r
  $ dd if=/dev/sda bs=512 count=256 iflag=direct 2>/dev/null | cmp - r
  $ sg_raw --request=512 /dev/sg0 28 00 00 00 00 00 00 00 00 00
  SCSI Status: Good
  No data received

## WRITE(10), READ(10) by sg_dd

Blocks 32-39: WRITE(10)

  $ text 'WRITE(10)' 8 >w; sg_dd if=w of=/dev/sg0 bs=512 seek=32 count=8 cdbsz=10
  8+0 records in
  8+0 records out
  $ sg_dd if=/dev/sg1 bs=512 skip=32 count=8 cdbsz=10 iflag=dpo,fua | cmp w -
  8+0 records in
  8+0 records out

## WRITE(12), READ(12) by sg_dd

Blocks 48-55: WRITE(12)

  $ text 'WRITE(12)' 8 >w; sg_dd if=w of=/dev/sg0 bs=512 seek=48 count=8 cdbsz=12 oflag=fua
  8+0 records in
  8+0 records out
  $ sg_dd if=/dev/sg1 bs=512 skip=48 count=8 cdbsz=12 | cmp w -
  8+0 records in
  8+0 records out

## WRITE(16), READ(16) by sg_dd

Blocks 64-71: WRITE(16)

  $ text 'WRITE(16)' 8 >w; sg_dd if=w of=/dev/sg0 bs=512 seek=64 count=8 cdbsz=16
  8+0 records in
  8+0 records out
  $ sg_dd if=/dev/sg1 bs=512 skip=64 count=8 cdbsz=16 | cmp w -
  8+0 records in
  8+0 records out

## WRITE(16), WRITE(32) by sg_write_x

Tags and their mask, which sg_write_x sets to all ones, mean nothing without protection information (SBC-4 §5, WRITE(32)): they
are ignored.

Blocks 80-87: WRITE(16) by sg_write_x
Blocks 96-103: WRITE(32)

  $ text 'WRITE(16) by sg_write_x' 8 >w; sg_write_x --normal --16 --fua --in=w --lba=80 --num=8 /dev/sg0
  $ text 'WRITE(32)' 8 >w; sg_write_x --normal --32 --fua --in=w --lba=96 --num=8 /dev/sg0

## READ(32), WRITE(32) by sg_raw

Blocks 104-111: WRITE(32) by sg_raw

  $ sg_raw --request=4096 --outfile=r /dev/sg1 7f 00 00 00 00 00 00 18 00 09 18 00 00 00 00 00 00 00 00 60 00 00 00 00 00 00 00 00 00 00 00 08; cmp w r
  SCSI Status: Good
  Writing 4096 bytes of data to r
  $ text 'WRITE(32) by sg_raw' 8 >w
  $ sg_raw --send=4096 --infile=w /dev/sg0 7f 00 00 00 00 00 00 18 00 0b 08 00 00 00 00 00 00 00 00 68 00 00 00 00 00 00 00 00 00 00 00 08
  SCSI Status: Good
  $ sg_dd if=/dev/sg1 bs=512 skip=104 count=8 | cmp w -
  8+0 records in
  8+0 records out

## WRITE AND VERIFY(10), WRITE AND VERIFY(16) by sg_write_verify

BYTCHK 10b is reserved (05/24/00, at bit 2 of byte 1).

Blocks 112-119: WRITE AND VERIFY(10)
Blocks 128-135: WRITE AND VERIFY(16)

  $ text 'WRITE AND VERIFY(10)' 8 >w; sg_write_verify --lba=112 --num=8 --in=w /dev/sg0
  $ sg_write_verify --verbose --bytchk=2 --lba=112 --num=8 --in=w6 /dev/sg0
  Issue Write and verify(10) to device /dev/sg0
  	ilen=-1, lba=112 [0x70]
  	wrprotect=0, dpo=0, bytchk=2, group=0, repeat=0
  Using file size of 4096 bytes
      Write and verify(10) cdb: [2e 04 00 00 00 70 00 00 08 00]
  Write and verify(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 2
  Write and verify(10) [2e 04 00 00 00 70 00 00 08 00]
  [5]
  $ text 'WRITE AND VERIFY(16)' 8 >w; sg_write_verify --16 --bytchk=1 --dpo --lba=128 --num=8 --in=w /dev/sg0

## WRITE AND VERIFY(12), WRITE AND VERIFY(32) by sg_raw

Blocks 144-151: WRITE AND VERIFY(12)
Blocks 160-167: WRITE AND VERIFY(32)

  $ text 'WRITE AND VERIFY(12)' 8 >w; sg_raw --send=4096 --infile=w /dev/sg0 ae 02 00 00 00 90 00 00 00 08 00 00
  SCSI Status: Good
  $ text 'WRITE AND VERIFY(32)' 8 >w
  $ sg_raw --send=4096 --infile=w /dev/sg0 7f 00 00 00 00 00 00 18 00 0c 02 00 00 00 00 00 00 00 00 a0 00 00 00 00 00 00 00 00 00 00 00 08
  SCSI Status: Good

## VERIFY(10), VERIFY(16) by sg_verify

BYTCHK 00b looks at the medium only, 01b compares each block, 11b all with one (SBC-4 §5, VERIFY). A difference is a MISCOMPARE
(0E/1D/00) with the offset of the first byte in INFORMATION: 702, and 7 blocks in the second command that is refused.

Blocks 176-183 each: A

  $ sg_verify --count=32768 --bpc=32768 /dev/sg0
  $ sg_verify --lba=16 --count=8 --ndo=4096 --in=w6 /dev/sg0
  $ sg_verify --16 --lba=16 --count=8 --ndo=4096 --in=w6 /dev/sg0
  $ text A 1 >one; sg_write_same --in=one --lba=176 --num=8 /dev/sg0
  $ sg_verify --lba=176 --count=8 --ebytchk=3 --ndo=512 --in=one /dev/sg0
  $ sg_verify --16 --lba=176 --count=8 --ebytchk=3 --ndo=512 --in=one /dev/sg0
  $ (head -c 702 w6; printf '!'; tail -c +704 w6) >wrong; cmp -l w6 wrong
  703 127  41
  [1]
  $ sg_verify --verbose --lba=16 --count=8 --ndo=4096 --in=wrong /dev/sg0
  verify(10):
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0x2be [702]
  VERIFY(10) MISCOMPARE: started at LBA 0x10
  [14]
  $ sg_verify --verbose --16 --lba=177 --count=8 --ebytchk=3 --ndo=512 --in=one /dev/sg0
  verify(16):
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0xe00 [3584]
  VERIFY(16) MISCOMPARE: started at LBA 0xb1
  [14]
  $ sg_verify --verbose --lba=16 --ebytchk=2 --count=8 --ndo=4096 --in=w6 /dev/sg0
  verify(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 2
  bad field in VERIFY(10) cdb, near lba=0x10
  [5]
  $ sg_verify --verbose --lba=32768 /dev/sg0
  verify(10):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  VERIFY(10): LBA out of range
      failed near lba=32768 [0x8000]
  [22]
  $ sg_dd --verify if=w6 of=/dev/sg0 bs=512 seek=16 count=8
  8+0 records in
  8+0 records verified

## VERIFY(12), VERIFY(32) by sg_raw

  $ sg_raw /dev/sg0 af 10 00 00 00 00 00 00 80 00 00 00
  SCSI Status: Good
  $ sg_raw --send=4096 --infile=w6 /dev/sg0 af 02 00 00 00 10 00 00 00 08 00 00
  SCSI Status: Good
  $ sg_raw --send=4096 --infile=wrong /dev/sg0 af 02 00 00 00 10 00 00 00 08 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0x2be [702]
  [14]
  $ sg_raw --send=512 --infile=one /dev/sg0 7f 00 00 00 00 00 00 18 00 0a 06 00 00 00 00 00 00 00 00 b0 00 00 00 00 00 00 00 00 00 00 00 08
  SCSI Status: Good
  $ sg_raw --send=512 --infile=one /dev/sg0 7f 00 00 00 00 00 00 18 00 0a 06 00 00 00 00 00 00 00 00 b1 00 00 00 00 00 00 00 00 00 00 00 08
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0xe00 [3584]
  [14]

## COMPARE AND WRITE by sg_compare_and_write

A hit writes, a miss does not and says where (0E/1D/00, INFORMATION); 129 blocks are more than VPD B0h allows (byte 13).

Blocks 16-17: COMPARE AND WRITE

  $ text 'WRITE(6)' 2 >old; text 'COMPARE AND WRITE' 2 >new
  $ sg_compare_and_write --in=old --inw=new --lba=16 --num=2 --xferlen=2048 /dev/sg0
  $ sg_dd if=/dev/sg1 bs=512 skip=16 count=2 | cmp new -
  2+0 records in
  2+0 records out
  $ sg_compare_and_write --verbose --in=old --inw=old --lba=16 --num=2 --xferlen=2048 /dev/sg0
  Running COMPARE AND WRITE command with the following options:
    in=old inw=old device=/dev/sg0
    lba=0x10 num_blocks=2 xfer_len=2048 timeout=60
  COMPARE AND WRITE:
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0x0 [0]
  Miscompare at byte offset: 0 [0x0]
  [14]
  $ (head -c 600 new; printf '!'; tail -c +602 new) >wrong
  $ sg_compare_and_write --verbose --fua --in=wrong --inw=old --lba=16 --num=2 --xferlen=2048 /dev/sg0
  Running COMPARE AND WRITE command with the following options:
    in=wrong inw=old device=/dev/sg0
    lba=0x10 num_blocks=2 xfer_len=2048 timeout=60
  COMPARE AND WRITE:
  Fixed format, current; Sense key: Miscompare
  Additional sense: Miscompare during verify operation
    Info fld=0x258 [600]
  Miscompare at byte offset: 600 [0x258]
  [14]
  $ sg_dd if=/dev/sg1 bs=512 skip=16 count=2 | cmp new -
  2+0 records in
  2+0 records out
  $ sg_compare_and_write --verbose --in=/dev/zero --inw=/dev/zero --lba=16 --num=129 --xferlen=132096 /dev/sg0
  Running COMPARE AND WRITE command with the following options:
    in=/dev/zero inw=/dev/zero device=/dev/sg0
    lba=0x10 num_blocks=129 xfer_len=132096 timeout=60
  COMPARE AND WRITE:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 13
  Compare and write [89 00 00 00 00 00 00 00 00 10 00 00 00 81 00 00]
  sg_compare_and_write: SCSI COMPARE AND WRITE: Illegal request, type: sense key, apart from Invalid opcode
  [5]

## WRITE SAME(10), WRITE SAME(16), WRITE SAME(32) by sg_write_same

With UNMAP storage may be given back, and with NDOB there is no block at all: zeroes. Nothing is anchored (byte 1, bit 4).

Blocks 192-199 each: WRITE SAME(10)
Blocks 208-215 each: WRITE SAME(16)
Blocks 224-231 each: WRITE SAME(32)
Blocks 240-247: zeroes
Blocks 256-263: zeroes
Blocks 272-279: zeroes
Blocks 288-295: zeroes

  $ text 'WRITE SAME(10)' 1 >w; sg_write_same --10 --in=w --lba=192 --num=8 /dev/sg0
  $ text 'WRITE SAME(16)' 1 >w; sg_write_same --16 --in=w --lba=208 --num=8 /dev/sg0
  $ text 'WRITE SAME(32)' 1 >w; sg_write_same --32 --in=w --lba=224 --num=8 /dev/sg0
  $ sg_write_same --10 --unmap --in=/dev/zero --xferlen=512 --lba=240 --num=8 /dev/sg0
  $ sg_write_same --16 --unmap --in=/dev/zero --xferlen=512 --lba=256 --num=8 /dev/sg0
  $ sg_write_same --16 --ndob --lba=272 --num=8 /dev/sg0
  $ sg_write_same --32 --ndob --unmap --lba=288 --num=8 /dev/sg0
  $ sg_write_same --verbose --16 --anchor --unmap --ndob --lba=304 --num=8 /dev/sg0
  Write same:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 4
  Write same(16) [93 19 00 00 00 00 00 00 01 30 00 00 00 08 00 00]
  Write same(16): Illegal request, type: sense key, apart from Invalid opcode
  [5]

## WRITE SAME(16) by sg_write_x

Blocks 320-327 each: WRITE SAME by sg_write_x

  $ text 'WRITE SAME by sg_write_x' 1 >w; sg_write_x --16 --same=0 --in=w --lba=320 --num=8 /dev/sg0

## UNMAP by sg_unmap

One list, two extents. A list with an extent that is not on the disk is refused as a whole: the first one keeps its blocks.

Blocks 336-343: zeroes
Blocks 360-363: zeroes

  $ sg_unmap --force --lba=336,360 --num=8,4 /dev/sg0
  $ sg_dd if=/dev/sg1 bs=512 skip=336 count=8 | tr -d '\000' | wc -c
  8+0 records in
  8+0 records out
  0
  $ sg_unmap --verbose --force --anchor --lba=376 --num=8 /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      unmap cdb: [42 01 00 00 00 00 00 00 18 00]
  unmap:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 0
  bad field in UNMAP cdb
  [5]
  $ sg_unmap --verbose --force --lba=376,32767 --num=8,2 /dev/sg0
      inquiry cdb: [12 00 00 00 24 00]
      unmap cdb: [42 00 00 00 00 00 00 00 28 00]
  unmap:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  [22]
  $ sg_raw --send=4 --infile=/dev/zero /dev/sg0 42 00 00 00 00 00 00 00 04 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Parameter list length error
  [5]

## GET LBA STATUS(16) by sg_get_lba_status

A bdev does not tell where its holes are: one descriptor, provisioning status 0, to the end (SBC-4 §5).

  $ sg_get_lba_status --lba=16 /dev/sg0
  No indication of the completion condition
  RTP=0
  [1] LBA: 0x0000000000000010  blocks:      32752  mapped (or unknown)
  $ sg_get_lba_status --hex --lba=32767 /dev/sg0
   00     00 00 00 14 00 00 00 00  00 00 00 00 00 00 7f ff
   10     00 00 00 01 00 00 00 00
  $ sg_get_lba_status --verbose --lba=32768 /dev/sg0
      Get LBA status(16) cdb: [9e 12 00 00 00 00 00 00 80 00 00 00 00 18 00 00]
  Get LBA status(16):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  Get LBA Status command: LBA out of range
  [22]

## PRE-FETCH(10), PRE-FETCH(16) by sg_seek

They fit into the cache: CONDITION MET (SBC-4 §5).

  $ sg_seek --pre-fetch --10 --lba=16 --num-blocks=8 /dev/sg0
  sg_seek: Condition met
  [25]
  $ sg_seek --pre-fetch --lba=16 --num-blocks=8 --immed /dev/sg0
  sg_seek: Condition met
  [25]
  $ sg_seek --verbose --pre-fetch --lba=32760 --num-blocks=9 /dev/sg0
      Pre-fetch(16) cdb: [90 00 00 00 00 00 00 00 7f f8 00 00 00 09 00 00]
  Pre-fetch(16):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
   number of errors=1
      first error: LBA out of range
  [22]

## SYNCHRONIZE CACHE(10), SYNCHRONIZE CACHE(16) by sg_sync

  $ sg_sync /dev/sg0
  $ sg_sync --lba=16 --count=8 --immed /dev/sg0
  $ sg_sync --16 --lba=16 --count=8 /dev/sg0
  $ sg_sync --verbose --16 --lba=32760 --count=9 /dev/sg0
      Synchronize cache(16) cdb: [91 00 00 00 00 00 00 00 7f f8 00 00 00 09 00 00]
  synchronize cache(16):
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  Synchronize cache failed: LBA out of range
  [22]
