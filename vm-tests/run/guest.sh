# What the guest of make run does; read by the guest's init, whose functions it uses.
await_file /dev/vda
disk=/sys/block/vda
say "INFO kernel $(uname -r)"
say "INFO disk $(($(cat $disk/size) / 2048)) MiB, $(ls $disk/mq | wc -l) queues, $(cat $disk/queue/write_cache)"

# Data that nobody can guess, written past the cache, flushed, read back.
dd if=/dev/urandom of=/tmp/data bs=1M count=8 2>/dev/null
written=$(sha256sum </tmp/data | cut -d' ' -f1)
pass write dd if=/tmp/data of=/dev/vda bs=256k oflag=direct conv=fsync
if [ "$(param sabotage)" = 1 ]; then
  say "INFO sabotage one byte of the disk is changed behind the checksum's back"
  dd if=/dev/vda of=/tmp/sector bs=512 skip=5000 count=1 iflag=direct 2>/dev/null
  tr '\000-\377' '\001-\377\000' </tmp/sector >/tmp/changed
  dd if=/tmp/changed of=/dev/vda bs=512 seek=5000 oflag=direct conv=fsync 2>/dev/null
fi
equal read-back "$written" "$(dd if=/dev/vda bs=256k count=32 iflag=direct 2>/dev/null | sha256sum | cut -d' ' -f1)"

[ "$(param sabotage)" != 1 ] || return 0

# Random requests of any size from 16 threads, every read checked, on the rest of the disk.
pass load blkload load /dev/vda --offset 8388608 --bytes 134217728 --threads 16
