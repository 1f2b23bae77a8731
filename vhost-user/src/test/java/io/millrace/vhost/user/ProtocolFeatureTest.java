package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProtocolFeatureTest {
  /** The numbers of QEMU's header. */
  @ParameterizedTest
  @CsvSource({
    "MQ, 0",
    "LOG_SHMFD, 1",
    "REPLY_ACK, 3",
    "BACKEND_REQ, 5",
    "CONFIG, 9",
    "INFLIGHT_SHMFD, 12",
    "RESET_DEVICE, 13",
    "INBAND_NOTIFICATIONS, 14",
    "CONFIGURE_MEM_SLOTS, 15",
    "STATUS, 16",
    "DEVICE_STATE, 19",
    "GET_VRING_BASE_INFLIGHT, 20",
    "GPA_ADDRESSES, 21",
    "SHMEM, 22",
    "GET_VRING_BASE_SKIP_DRAIN, 23"
  })
  void eachHasItsBit(ProtocolFeature feature, int bit) {
    assertThat(feature.bit()).isEqualTo(bit);
    assertThat(feature.mask()).isEqualTo(1L << bit);
    assertThat(feature.in(1L << bit)).isTrue();
    assertThat(feature.in(~(1L << bit))).isFalse();
  }

  @Test
  void aWordOfBitsIsASetAndBack() {
    EnumSet<ProtocolFeature> all = EnumSet.allOf(ProtocolFeature.class);

    assertThat(ProtocolFeature.mask(all)).isEqualTo((1L << 24) - 1);
    assertThat(ProtocolFeature.set(-1)).isEqualTo(all);
    assertThat(ProtocolFeature.set(0)).isEmpty();
  }
}
