package io.millrace.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class RpcConnectionPropertyTest {
  @Property(tries = 300)
  void anySplitOfTheBytesGivesTheSameReplies(@ForAll @Size(max = 8) List<Integer> cuts) {
    byte[] requests =
        ("  {\"method\":\"echo\",\"params\":{\"text\":\"\u20ac\\ud83d\\ude00\"},\"id\":1}"
                + "[{\"method\":\"ping\",\"id\":2},{\"method\":\"no\"}]\n12 {\"id\":\"\\\"}\"}"
                + "{\"method\":\"ping\",\"id\":1e2}[[[")
            .getBytes(UTF_8);
    EmbeddedChannel atOnce = connect();
    atOnce.writeInbound(Unpooled.copiedBuffer(requests));
    EmbeddedChannel channel = connect();

    int from = 0;
    List<Integer> ends =
        new ArrayList<>(
            cuts.stream().map(c -> Math.floorMod(c, requests.length)).sorted().toList());
    ends.add(requests.length);
    for (int to : ends) {
      channel.writeInbound(Unpooled.wrappedBuffer(Arrays.copyOfRange(requests, from, to)));
      from = to;
    }

    assertThat(sent(channel)).isEqualTo(sent(atOnce)).contains("\u20ac");
  }

  private static EmbeddedChannel connect() {
    MethodRegistry registry = new TestMethods().registry;
    registry.enterRuntime();
    return new EmbeddedChannel(new RpcConnection(new Dispatcher(registry, Runnable::run)));
  }

  private static String sent(EmbeddedChannel channel) {
    StringBuilder text = new StringBuilder();
    ByteBuf piece;
    while ((piece = channel.readOutbound()) != null) {
      text.append(piece.toString(UTF_8));
      piece.release();
    }
    return text.toString();
  }
}
