import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** One call by Java's own client, as its documentation has it. Prints the reply. */
class AsItIs {
    public static void main(String[] arguments) throws Exception {
        var base = System.getenv().getOrDefault("OPENAI_BASE_URL", "https://api.openai.com/v1");
        var body = "{\"model\": \"gpt-5\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}";
        var request = HttpRequest.newBuilder(URI.create(base + "/chat/completions"))
            .timeout(Duration.ofSeconds(20))
            .header("content-type", "application/json")
            .header("authorization", "Bearer sk-of-the-app")
            .POST(HttpRequest.BodyPublishers.ofString(body));
        System.out.println(HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
    }
}
