// One streamed call by Go's own client, as its documentation has it. Prints what the model said.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

type chunk struct {
	Choices []struct{ Delta struct{ Content string } }
}

func main() {
	base := os.Getenv("OPENAI_BASE_URL")
	if base == "" {
		base = "https://api.openai.com/v1"
	}
	body := `{"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}], "stream": true}`
	request, err := http.NewRequest("POST", base+"/chat/completions", strings.NewReader(body))
	fine(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer sk-of-the-app")
	client := &http.Client{Timeout: 20 * time.Second}
	response, err := client.Do(request)
	fine(err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		data := strings.TrimPrefix(lines.Text(), "data: ")
		var event chunk
		if data != "[DONE]" && json.Unmarshal([]byte(data), &event) == nil {
			for _, choice := range event.Choices {
				fmt.Print(choice.Delta.Content)
			}
		}
	}
	fine(lines.Err())
	// The standard library offers HTTP/2 of itself: which of the two it was tells how far it got.
	fmt.Println("", response.Proto)
}

func fine(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
