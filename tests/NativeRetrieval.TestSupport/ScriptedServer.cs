using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NativeRetrieval.TestSupport;

/// <summary>An HTTP server on this machine that does what a test says, mistakes included; one request per connection.</summary>
public sealed class ScriptedServer : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Func<Request, Response> _answer;
    readonly List<Request> _requests = [];

    public ScriptedServer(Func<Request, Response> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    public IReadOnlyList<Request> Requests
    {
        get { lock (_requests) return [.. _requests]; }
    }

    /// <param name="Number">0 for the first request.</param>
    public sealed record Request(int Number, string Path, IReadOnlyDictionary<string, string> Headers)
    {
        public string? Range => Headers.GetValueOrDefault("range");

        /// <summary>The first byte that is asked for.</summary>
        public int From => Range is { } range ? int.Parse(range["bytes=".Length..^1]) : 0;
    }

    /// <param name="Head">Status line without the protocol, and headers.</param>
    /// <param name="Hang">Keeps the connection open after the body.</param>
    /// <param name="Endless">Sends the body again and again until the client goes away.</param>
    public sealed record Response(string[] Head, byte[] Body, bool Hang = false, bool Endless = false)
    {
        /// <summary>Content in chunks, each with its length before it; without the empty chunk that ends it where it is cut.</summary>
        public static Response Chunked(byte[] content, int chunk, bool cut = false, params string[] headers)
        {
            var body = new List<byte>();
            foreach (byte[] piece in content.Chunk(chunk))
                body.AddRange([.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8]);
            if (!cut) body.AddRange("0\r\n\r\n"u8);
            return new(["200 OK", "Transfer-Encoding: chunked", .. headers], [.. body]);
        }

        /// <summary>Content as a well-behaved server sends it, ranges included.</summary>
        public static Response Of(Request request, byte[] content, string? etag = "\"one\"")
        {
            var tag = etag is null ? [] : new[] { $"ETag: {etag}" };
            bool continues = request.Range is not null
                && (!request.Headers.TryGetValue("if-range", out string? condition) || condition == etag);
            if (!continues)
                return new(["200 OK", $"Content-Length: {content.Length}", "Content-Type: application/octet-stream", .. tag], content);
            int from = request.From;
            return from >= content.Length
                ? new(["416 Range Not Satisfiable", $"Content-Range: bytes */{content.Length}", "Content-Length: 0"], [])
                : new(["206 Partial Content", $"Content-Length: {content.Length - from}",
                    $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}", .. tag], content[from..]);
        }

        public static Response Status(string status, params string[] headers) => new([status, "Content-Length: 0", .. headers], []);

        /// <summary>The same, ended before all of the body was sent.</summary>
        public Response Cut(int bytes) => this with { Body = Body[..bytes] };
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                string path = (await reader.ReadLineAsync(_stop.Token))!.Split(' ')[1];
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                    headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
                Request request;
                lock (_requests) _requests.Add(request = new(_requests.Count, path, headers));
                var response = _answer(request);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {string.Join("\r\n", response.Head)}\r\nConnection: "
                    + "close\r\n\r\n"), _stop.Token);
                do await stream.WriteAsync(response.Body, _stop.Token);
                while (response.Endless);
                if (response.Hang) await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }
}
