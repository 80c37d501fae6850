# One streamed call by a Ruby client, as its documentation has it: as_it_is.rb CLIENT. Prints what the model said.

require "json"

BASE = ENV.fetch("OPENAI_BASE_URL", "https://api.openai.com/v1")
BODY = JSON.generate(model: "gpt-5", messages: [{ role: "user", content: "hi" }], stream: true)
HEADERS = { "content-type" => "application/json", "authorization" => "Bearer sk-of-the-app" }.freeze

# What comes in at a time is not an event at a time.
def words(events)
  data = events.each_line.filter_map { |line| line.delete_prefix("data: ") if line.start_with?("data: {") }
  data.map { |event| JSON.parse(event).dig("choices", 0, "delta", "content") }.join
end

def net_http
  require "net/http"
  uri = URI("#{BASE}/chat/completions")
  heard = +""
  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 20, read_timeout: 20) do |http|
    http.request(Net::HTTP::Post.new(uri, HEADERS).tap { |post| post.body = BODY }) do |response|
      response.read_body { |piece| heard << piece }
    end
  end
  words(heard)
end

def faraday
  require "faraday"
  heard = +""
  Faraday.new(request: { timeout: 20 }).post("#{BASE}/chat/completions", BODY, HEADERS) do |request|
    request.options.on_data = proc { |piece, _| heard << piece }
  end
  words(heard)
end

puts send(ARGV.fetch(0))
