import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.Executors;

/** Says hello, and which release says it. */
public class Hello {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = System.getenv();
        String commit = env.getOrDefault("GIT_REV", "unknown");
        String answer = String.format(
                "%s! commit %s, release %s%n",
                env.getOrDefault("GREETING", "Hello from paas"),
                commit.substring(0, Math.min(7, commit.length())),
                env.getOrDefault("PAAS_RELEASE", "none"));
        int port = Integer.parseInt(env.getOrDefault("PORT", "5000"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 128);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            byte[] body = answer.getBytes("UTF-8");
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
