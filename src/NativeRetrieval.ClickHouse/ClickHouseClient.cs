using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>SQL over HTTP. An answer is whole, or an error: the server holds it back until it has all of it.</summary>
internal sealed partial class ClickHouseClient : IDisposable
{
    const int HttpPort = 8123, HttpsPort = 8443, LongestProblem = 400;

    /// <summary>Variable of the environment with the password, where the address has none.</summary>
    const string PasswordVariable = "CLICKHOUSE_PASSWORD";

    /// <summary>Codes of ClickHouse for parts of it that do not answer: network, timeouts, all replicas tried.</summary>
    static readonly int[] _unreachable = [159, 203, 209, 210, 279];

    readonly ServerAddress _address;
    readonly HttpClient _http;
    readonly IReadOnlyList<Uri> _hosts;

    public ClickHouseClient(ServerAddress address)
    {
        _address = address;
        bool isSecure = address.Option("tls") switch
        {
            null or "false" => false,
            "true" => true,
            var other => throw new OptionException($"{address.Masked}: tls={other}; it must be true or false"),
        };
        _hosts = [.. address.Hosts.Select(host => new UriBuilder(isSecure ? "https" : "http", host.Host,
            host.Port != 0 ? host.Port : isSecure ? HttpsPort : HttpPort).Uri)];
        _http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, AllowAutoRedirect = false })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.ExpectContinue = false;
        _http.DefaultRequestHeaders.TryAddWithoutValidation("X-ClickHouse-User", address.User ?? "default");
        if ((address.Password ?? Environment.GetEnvironmentVariable(PasswordVariable)) is { } password)
            _http.DefaultRequestHeaders.TryAddWithoutValidation("X-ClickHouse-Key", password);
    }

    public int Hosts => _hosts.Count;

    /// <summary>Rows of a query.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<RowBinaryReader, T> read, CancellationToken cancellation,
        int host = 0)
    {
        byte[] answer = await SendAsync(host, "", Encoding.UTF8.GetBytes($"{sql} FORMAT RowBinary"), cancellation).ConfigureAwait(false);
        var rows = new List<T>();
        var reader = new RowBinaryReader(answer, _address.Masked);
        while (!reader.IsAtEnd) rows.Add(read(reader));
        return rows;
    }

    /// <summary>A statement without an answer.</summary>
    public Task ExecuteAsync(string sql, CancellationToken cancellation, int host = 0) =>
        SendAsync(host, "", Encoding.UTF8.GetBytes(sql), cancellation);

    /// <summary>Adds rows to a table, on all shards before it returns.</summary>
    public Task InsertAsync(string table, string columns, RowBinaryWriter rows, CancellationToken cancellation, int host = 0) =>
        rows.IsEmpty
        ? Task.CompletedTask
        : SendAsync(host, $"INSERT INTO {table} ({columns}) FORMAT RowBinary", rows.Bytes, cancellation);

    async Task<byte[]> SendAsync(int host, string query, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_address.Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_hosts[host], "/?" + Parameters(query)))
            {
                Content = new ReadOnlyMemoryContent(body),
            };
            using var response = await _http.SendAsync(request, limit.Token).ConfigureAwait(false);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK ? answer : throw Refusal(response.StatusCode, Encoding.UTF8.GetString(answer));
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw TooLate(e);
        }
        catch (HttpRequestException e)
        {
            throw new IndexException($"{_address.Masked}: the server {_hosts[host].Authority} cannot be reached, or broke off: "
                + PlainText.Of(e.Message), e);
        }
    }

    string Parameters(string query)
    {
        var parameters = new List<(string Name, string Value)>
        {
            ("database", _address.Database.Length > 0 ? _address.Database : "default"),
            ("wait_end_of_query", "1"), ("insert_distributed_sync", "1"), ("skip_unavailable_shards", "0"),
            ("max_query_size", "1073741824"),
            ("max_execution_time", ((int)_address.Timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
        };
        if (query.Length > 0) parameters.Add(("query", query));
        return string.Join('&', parameters.Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value)}"));
    }

    IndexException TooLate(Exception? cause) => new($"{_address.Masked}: no answer within {_address.Timeout.TotalSeconds:0} s; is a server "
        + "busy, or the index large? Raise timeout= in the address", cause);

    IndexException Refusal(HttpStatusCode status, string text)
    {
        int code = Code().Match(text) is { Success: true } match && int.TryParse(match.Groups["code"].Value, out int number) ? number : 0;
        if (code == 159) return TooLate(cause: null);
        string problem = PlainText.Of(text.Trim().Replace('\n', ' ') is { Length: > LongestProblem } whole ? whole[..LongestProblem] + "…"
            : text.Trim().Replace('\n', ' '));
        if (!_unreachable.Contains(code))
            return new IndexException($"{_address.Masked}: ClickHouse refuses ({(code == 0 ? (int)status : code)}): {problem}");
        string[] shards = [.. Shard().Matches(text).Select(shard => shard.Groups["shard"].Value).Distinct()];
        return new IndexException($"{_address.Masked}: a shard does not "
            + $"answer{(shards.Length > 0 ? $": {string.Join(", ", shards)}" : "")}; "
            + $"start it, and ask again: there is no answer without it ({problem})");
    }

    [GeneratedRegex(@"Code: (?<code>\d{1,6})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Code();

    [GeneratedRegex(@"\((?<shard>[\w.\-\[\]:]{1,200}:\d{1,5})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Shard();

    public void Dispose() => _http.Dispose();
}
