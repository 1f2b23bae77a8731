package io.millrace.rpc;

import io.millrace.linux.LinuxFiles;
import io.millrace.linux.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON-RPC 2.0 on a Unix stream socket with SPDK's framing: no delimiter, pipelining, each reply
 * ends with a newline, replies in the order in which calls finish.
 *
 * <p>It lives on one event loop, on which every handler is called. {@link #listen} and {@link
 * #close} may be called on any thread; both finish on that loop, so they must not be waited for
 * there.
 */
public final class RpcServer {
  /** Clients at the same time; more wait in the socket's backlog. */
  public static final int MAX_CONNECTIONS = 64;

  private static final Logger log = LoggerFactory.getLogger(RpcServer.class);
  private static final int OWNER_ONLY = 0600;
  private static final int BACKLOG = 512;

  /** One accept a turn, so that the limit is exact. */
  private static final RecvByteBufAllocator ONE_AT_A_TIME =
      new FixedRecvByteBufAllocator(1).maxMessagesPerRead(1);

  private final SocketFile file;
  private final EventLoop loop;
  private final Dispatcher dispatcher;
  private final Set<Channel> connections = new HashSet<>();
  private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
  private @Nullable Channel listening;
  private boolean closing;

  private RpcServer(SocketFile file, EventLoop loop, MethodRegistry registry) {
    this.file = file;
    this.loop = loop;
    this.dispatcher = new Dispatcher(registry, this::onLoop);
  }

  /**
   * Listens at {@code socket}, for the owner of the process only (mode 0600); a dead server's
   * socket is replaced.
   *
   * @param loop an epoll event loop; the caller's, who ends it after {@link #close}
   * @return the server once it can be connected to; or a failure with {@link IOException}, whose
   *     message is one line, and nothing left behind
   */
  public static CompletionStage<RpcServer> listen(
      Path socket, EventLoop loop, MethodRegistry registry) {
    SocketFile file;
    try {
      file = SocketFile.claim(socket);
    } catch (IOException refused) {
      return CompletableFuture.failedStage(refused);
    }
    return new RpcServer(file, loop, registry).bind();
  }

  private CompletionStage<RpcServer> bind() {
    CompletableFuture<RpcServer> bound = new CompletableFuture<>();
    ChannelFuture binding =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerDomainSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.RECVBUF_ALLOCATOR, ONE_AT_A_TIME)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .handler(new Admission())
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new RpcConnection(dispatcher));
                  }
                })
            .bind(new DomainSocketAddress(file.path().toFile()));
    binding.addListener(done -> {
      listening = binding.channel();
      if (done.isSuccess()) {
        finishListen(bound);
      } else {
        fail(bound, done.cause());
      }
    });
    return bound;
  }

  private void finishListen(CompletableFuture<RpcServer> bound) {
    try {
      LinuxFiles.setMode(file.path(), OWNER_ONLY);
      bound.complete(this);
    } catch (IOException e) {
      fail(bound, e);
    }
  }

  private void fail(CompletableFuture<RpcServer> bound, Throwable cause) {
    close()
        .whenComplete((ignored, never) ->
            bound.completeExceptionally(
                new IOException(
                    file.path() + ": cannot listen there: " + cause.getMessage(), cause)));
  }

  /** Where it listens. */
  public Path socket() {
    return file.path();
  }

  /** Clients that are connected. The loop's thread. */
  public int connections() {
    return connections.size();
  }

  /**
   * Stops listening, closes all connections (calls under way go on, unanswered) and removes the
   * socket. Later calls return the same stage. Any thread.
   */
  public CompletionStage<@Nullable Void> close() {
    onLoop(this::closeOnLoop);
    return closed;
  }

  private void closeOnLoop() {
    if (closing) {
      return;
    }
    closing = true;
    List<CompletableFuture<?>> ends = new ArrayList<>();
    if (listening != null) {
      ends.add(endOf(listening));
    }
    for (Channel connection : List.copyOf(connections)) {
      ends.add(endOf(connection));
    }
    var _ =
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
            .whenComplete((ignored, never) -> {
              file.close();
              closed.complete(null);
            });
  }

  private static CompletableFuture<@Nullable Void> endOf(Channel channel) {
    CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    channel.close().addListener(done -> end.complete(null));
    return end;
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  /** Counts connections in and out; at the limit the listening socket is left alone. */
  private final class Admission extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      Channel connection = (Channel) message;
      connections.add(connection);
      if (connections.size() >= MAX_CONNECTIONS) {
        ctx.channel().config().setAutoRead(false);
      }
      connection.closeFuture().addListener(done -> left(ctx.channel(), connection));
      ctx.fireChannelRead(message);
    }

    private void left(Channel server, Channel connection) {
      connections.remove(connection);
      if (!closing) {
        server.config().setAutoRead(true);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      log.warn("{}: cannot accept a connection: {}", file.path(), cause.getMessage());
    }
  }
}
