# What the BIOS boots from the disk of bootdisk.sh (16-bit code at 0x7c00, below 446 bytes: the partition table follows).
#
# Copies SIZE sectors by the BIOS's own disk calls (INT 13h extensions) and reports on the second serial port, as the
# guest's init does. The first byte of sector 1 counts the boots: the first one copies FIRST to SECOND and resets the
# machine, the next one copies SECOND to THIRD and powers off. Whoever started the machine compares the three.

.set SIZE, 2048 # sectors, 1 MiB
.set FIRST, 48 * 2048
.set SECOND, 49 * 2048
.set THIRD, 50 * 2048
.set STEP, 64 # sectors of one request; 32 KiB at 0x1000:0
.set COM2, 0x2f8
.set READ, 0x42
.set WRITE, 0x43

.code16
.globl _start
_start:
  ljmp $0, $entry
entry:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %ss
  movw $0x7c00, %sp
  cld
  movb %dl, drive

  movw $1, sectors
  movl $1, lba
  movb $READ, %ah
  call disk
  movw $0x1000, %ax
  movw %ax, %es
  movb %es:0, %al
  testb %al, %al
  jnz second_boot

  movb $1, %es:0
  movb $WRITE, %ah
  call disk
  movw $booted, %si
  call say
  movl $FIRST, from
  movl $SECOND, to
  call copy
  movw $copied, %si
  call say
  movb $0xfe, %al # the keyboard controller's reset line
  outb %al, $0x64
  jmp stop

second_boot:
  movw $again, %si
  call say
  movl $SECOND, from
  movl $THIRD, to
  call copy
  movw $end, %si
  call say
power_off:
  movw $0x604, %dx # PM1a_CNT of q35 as SeaBIOS places it: SLP_EN, S5
  movw $0x2000, %ax
  outw %ax, %dx
stop:
  hlt
  jmp stop

# Copies SIZE sectors from from to to.
copy:
  movw $STEP, sectors
  movw $SIZE / STEP, %cx
next:
  movl from, %eax
  movl %eax, lba
  movb $READ, %ah
  call disk
  movl to, %eax
  movl %eax, lba
  movb $WRITE, %ah
  call disk
  addl $STEP, from
  addl $STEP, to
  loop next
  ret

# One request: %ah says which, the packet the rest. Does not return from an error.
disk:
  pushw %cx
  movb $0, %al # write without verification
  movb drive, %dl
  movw $packet, %si
  int $0x13
  popw %cx
  jc failed
  ret
failed:
  movw $fail, %si
  call say
  jmp power_off

# Sends the line at %si.
say:
  movw $COM2 + 5, %dx
wait:
  inb %dx, %al
  testb $0x20, %al
  jz wait
  lodsb
  testb %al, %al
  jz said
  movw $COM2, %dx
  outb %al, %dx
  jmp say
said:
  ret

booted: .asciz "BOOT by the BIOS from the disk\n"
copied: .asciz "PASS first copy\n"
again: .asciz "BOOT after the reset\n"
end: .asciz "PASS second copy\nEND\n"
fail: .asciz "FAIL the BIOS reports a disk error\n"

drive: .byte 0
.balign 4
packet: # of INT 13h, AH = 42h and 43h
  .byte 16, 0
sectors: .word 0
  .word 0, 0x1000 # the buffer
lba: .long 0, 0
from: .long 0
to: .long 0

.org 446 # refuses to assemble when the code is longer
