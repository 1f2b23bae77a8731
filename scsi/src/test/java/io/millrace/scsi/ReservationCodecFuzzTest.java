package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.zip.CRC32C;

/**
 * Stored reservations of any bytes are refused, or are such as an initiator can have made; with a
 * checksum put right as well.
 */
class ReservationCodecFuzzTest {
  @FuzzTest
  void anyBytesAreRefusedOrMakeSense(byte[] bytes) {
    check(bytes);
    if (bytes.length >= 4) {
      byte[] sound = bytes.clone();
      CRC32C crc = new CRC32C();
      crc.update(sound, 0, sound.length - 4);
      BigEndian.put32(sound, sound.length - 4, crc.getValue());
      check(sound);
    }
  }

  private static void check(byte[] bytes) {
    ReservationState state = ReservationCodec.decode(bytes);
    if (state != null) {
      ReservationPropertyTest.makesSense(state);
      assertThat(state.aptpl()).isTrue();
      assertThat(ReservationCodec.encode(state)).isEqualTo(bytes);
    }
  }
}
