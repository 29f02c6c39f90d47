using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Benchmarks.Serving;

/// <summary>
/// A service for a long time under a load of all kinds (searches, filters, examples, uploads, embeddings, requests that are wrong or given
/// up), while another process's commits come in: its memory, managed heap, handles and threads, which must not grow.
/// </summary>
internal static class SoakCommand
{
    public const string Name = "soak";

    public const string Usage = $"       {Name} --text-model FOLDER [--minutes N] [--windows N]   a service for a long time";

    const int Clients = 6, Samples = 30;

    /// <summary>Growth from the second third of the samples to the last that is taken for a leak: a share, and beside it a few. The heap
    /// is as the last collection left it, of whichever generation.</summary>
    const double MemoryShare = 0.05, HeapShare = 0.25, HandlesShare = 0.1;
    const int Few = 8;

    public static async Task<int> RunAsync(string[] args)
    {
        string? textModel = null;
        double minutes = 10;
        int windows = 20_000;
        for (int i = 0; i + 1 < args.Length; i += 2)
            switch (args[i])
            {
                case "--text-model": textModel = args[i + 1]; break;
                case "--minutes": minutes = double.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                case "--windows": windows = int.Parse(args[i + 1], CultureInfo.InvariantCulture); break;
                default: textModel = null; i = args.Length; break;
            }
        if (textModel is null || args.Length % 2 != 0 || !(minutes > 0))
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        var folder = Directory.CreateTempSubdirectory("nativeretrieval-soak-");
        try
        {
            string index = await ServedCollection.MakeAsync(folder.FullName, textModel, windows);
            using var service = await Service.StartAsync(index);
            return await RunAsync(service, index, TimeSpan.FromMinutes(minutes));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task<int> RunAsync(Service service, string index, TimeSpan duration)
    {
        using var stop = new CancellationTokenSource();
        var result = new LoadResult();
        Task[] asking = [.. Enumerable.Range(0, Clients).Select(client => AskAsync(service.Address, client, result, stop.Token)),
            CommitAsync(index, stop.Token)];
        var samples = new List<ProcessSample>();
        using var http = new HttpClient { BaseAddress = service.Address };
        Console.WriteLine("| minute | resident MiB | managed MiB | handles | threads | answers | 200 | 429 | 4xx asked for | other |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        long start = Stopwatch.GetTimestamp();
        for (int sample = 1; sample <= Samples; sample++)
        {
            var due = duration * sample / Samples - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero) await Task.Delay(due);
            var now = ProcessSample.Of(service.ProcessId, await http.GetStringAsync("/metrics"));
            samples.Add(now);
            int wrong = result.Count(404) + result.Count(422), good = result.Count(200), busy = result.Count(429);
            int asked = result.Asked;
            Console.WriteLine(FormattableString.Invariant($"| {Stopwatch.GetElapsedTime(start).TotalMinutes:F1} | {now.ResidentMiB:F0} | ")
                + FormattableString.Invariant($"{now.HeapMiB:F1} | {now.Handles} | {now.Threads} | {asked} | {good} | {busy} | {wrong} | ")
                + FormattableString.Invariant($"{asked - good - busy - wrong} |"));
        }
        await stop.CancelAsync();
        await Task.WhenAll(asking);
        bool memory = Grows(sample => sample.ResidentMiB, MemoryShare, 0), heap = Grows(sample => sample.HeapMiB, HeapShare, Few),
            handles = Grows(sample => sample.Handles, HandlesShare, Few), threads = Grows(sample => sample.Threads, HandlesShare, Few);
        int strange = result.Asked - result.Count(200) - result.Count(429) - result.Count(404) - result.Count(422);
        foreach (var (grows, what) in ((bool, string)[])[(memory, "memory"), (heap, "managed heap"), (handles, "handles"),
            (threads, "threads")])
            Console.WriteLine($"{what}: {(grows ? "GROWS" : "steady")} from the second third to the last");
        Console.WriteLine($"answers of another status: {strange}");
        return memory || heap || handles || threads || strange > 0 ? 1 : 0;

        bool Grows(Func<ProcessSample, double> value, double share, int few)
        {
            double middle = Median(samples.Skip(Samples / 3).Take(Samples / 3)), last = Median(samples.Skip(2 * Samples / 3));
            return last > middle * (1 + share) + few;

            double Median(IEnumerable<ProcessSample> part)
            {
                double[] values = [.. part.Select(value).Order()];
                return values[values.Length / 2];
            }
        }
    }

    /// <summary>One client after the other's answers, of all kinds of requests in turn.</summary>
    static async Task AskAsync(Uri address, int client, LoadResult result, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = address };
        byte[] tone = Tone();
        string? id = null;
        for (int number = client; !stop.IsCancellationRequested; number++)
        {
            long start = Stopwatch.GetTimestamp();
            using var response = await (number % 40 == 7 ? http.PostAsync("/v1/search/audio?top=5", Sound(), CancellationToken.None)
                : (number % 8) switch
                {
                    0 => http.GetAsync($"/v1/search?q=rain+{number}&top=100", CancellationToken.None),
                    1 => http.GetAsync($"/v1/search?q=a+dog&name=*rain*&min_seconds={number % 90}", CancellationToken.None),
                    2 => http.GetAsync($"/v1/similar?id={id ?? "none"}", CancellationToken.None),
                    3 => http.PostAsync("/v1/embeddings", Json($"{{\"input\": [\"a bell {number}\", \"wind\"]}}"), CancellationToken.None),
                    4 => http.PostAsync("/v1/search",
                        Json("{\"parts\": [{\"text\": \"door\"}], \"without\": [\"car\"], \"group\": \"window\"}"), CancellationToken.None),
                    5 => http.GetAsync("/v1/search?q=rain&top=0", CancellationToken.None),
                    6 => http.GetAsync("/metrics", CancellationToken.None),
                    _ => http.GetAsync("/v1/indexes", CancellationToken.None),
                });
            byte[] body = await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
            result.Add((int)response.StatusCode, Stopwatch.GetElapsedTime(start));
            if (number % 8 == 0 && response.IsSuccessStatusCode)
                id = System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("hits")[0].GetProperty("id").GetString();
            if (number % 16 == 3) await GiveUpAsync(http);
        }

        HttpContent Sound()
        {
            var content = new ByteArrayContent(tone);
            content.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
            return content;
        }
    }

    /// <summary>A request whose asker goes away.</summary>
    static async Task GiveUpAsync(HttpClient http)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(2));
        try
        {
            using var response = await http.GetAsync("/v1/search?q=thunder&top=1000", soon.Token);
        }
        catch (OperationCanceledException)
        {
        }
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>A commit every few seconds, as of a folder that is watched.</summary>
    static async Task CommitAsync(string folder, CancellationToken stop)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Write);
        var first = index.Files()[0];
        var entry = (await index.GetAsync(first.FullPath, CancellationToken.None))!;
        for (int commit = 0; ; commit++)
        {
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(5), stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            string path = $"/sounds/soak/{commit % 10}.wav";
            await index.UpsertAsync(entry with { File = first with { Path = path, FullPath = path } }, CancellationToken.None);
        }
    }

    /// <summary>A second of a tone as WAV, 16 kHz.</summary>
    static byte[] Tone()
    {
        const int rateHz = 16_000;
        using var bytes = new MemoryStream();
        using var wav = new BinaryWriter(bytes);
        wav.Write("RIFF"u8);
        wav.Write(36 + 2 * rateHz);
        wav.Write("WAVEfmt "u8);
        foreach (int value in (int[])[16, 1 | 1 << 16, rateHz, 2 * rateHz, 2 | 16 << 16]) wav.Write(value);
        wav.Write("data"u8);
        wav.Write(2 * rateHz);
        for (int i = 0; i < rateHz; i++) wav.Write((short)(9_000 * Math.Sin(0.2 * i)));
        return bytes.ToArray();
    }
}

/// <summary>A process at one moment, as Linux tells it.</summary>
/// <param name="HeapMiB">Managed memory as the last collection left it, as the service tells it.</param>
internal sealed record ProcessSample(double ResidentMiB, double HeapMiB, int Handles, int Threads)
{
    const string HeapMetric = "dotnet_gc_last_collection_heap_size";

    public static ProcessSample Of(int process, string metrics)
    {
        double[] heap = [.. metrics.Split('\n').Where(line => !line.StartsWith('#') && line.Contains(HeapMetric, StringComparison.Ordinal))
            .Select(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture))];
        if (heap.Length == 0) throw new InvalidOperationException($"/metrics has no {HeapMetric}");
        string folder = $"/proc/{process}";
        var status = File.ReadLines($"{folder}/status").Select(line => line.Split(':', 2)).ToDictionary(line => line[0], line => line[1]);
        return new ProcessSample(double.Parse(status["VmRSS"].Replace("kB", "").Trim(), CultureInfo.InvariantCulture) / 1024,
            heap.Sum() / (1024 * 1024),
            Directory.EnumerateFileSystemEntries($"{folder}/fd").Count(), int.Parse(status["Threads"], CultureInfo.InvariantCulture));
    }
}
