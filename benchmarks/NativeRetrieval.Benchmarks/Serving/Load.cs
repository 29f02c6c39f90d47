using System.Collections.Concurrent;
using System.Diagnostics;

namespace NativeRetrieval.Benchmarks.Serving;

/// <summary>Searches by sentences, one kind of request, as many as are asked for.</summary>
internal sealed class Load(Uri address)
{
    static readonly string[] _sounds = ["rain", "a dog", "a door", "thunder", "a car", "birds", "footsteps", "a bell", "wind", "water"];
    static readonly string[] _places = ["in a forest", "on a tin roof", "far away", "in a small room", "at night", "near a road",
        "under water"];

    readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { BaseAddress = address };
    int _asked;

    /// <summary>Clients that each ask again when they are answered.</summary>
    public async Task<LoadResult> OfAsync(int clients, TimeSpan duration)
    {
        var result = new LoadResult();
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start) < duration) await AskAsync(result);
        }));
        return result.Ended(Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Requests at a mean rate, at random times (a Poisson process), whatever becomes of those before.</summary>
    public async Task<LoadResult> AtAsync(double perSecond, TimeSpan duration)
    {
        var result = new LoadResult();
        var random = new Random(1);
        var asked = new List<Task>();
        long start = Stopwatch.GetTimestamp();
        for (double due = 0; due < duration.TotalSeconds; due -= Math.Log(1 - random.NextDouble()) / perSecond)
        {
            double early = due - Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (early > 0.001) await Task.Delay(TimeSpan.FromSeconds(early));
            asked.Add(AskAsync(result));
        }
        await Task.WhenAll(asked);
        return result.Ended(Stopwatch.GetElapsedTime(start));
    }

    async Task AskAsync(LoadResult result)
    {
        int number = Interlocked.Increment(ref _asked);
        string first = _sounds[number % _sounds.Length], second = _sounds[number / 7 % _sounds.Length];
        string sentence = $"{first} and {second} {_places[number % _places.Length]}";
        long start = Stopwatch.GetTimestamp();
        int status = 0;
        try
        {
            using var response = await _client.GetAsync($"/v1/search?q={Uri.EscapeDataString(sentence)}");
            await response.Content.ReadAsByteArrayAsync();
            status = (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            // Counted as another status than any.
        }
        result.Add(status, Stopwatch.GetElapsedTime(start));
    }
}

/// <summary>The answers to a load.</summary>
internal sealed class LoadResult
{
    readonly ConcurrentBag<(int Status, double Milliseconds)> _answers = [];
    double _seconds = 1;

    public int Asked => _answers.Count;

    public double AskedPerSecond => Asked / _seconds;

    public double AnsweredPerSecond => Count(200) / _seconds;

    public void Add(int status, TimeSpan duration) => _answers.Add((status, duration.TotalMilliseconds));

    public int Count(int status) => _answers.Count(answer => answer.Status == status);

    public LoadResult Ended(TimeSpan duration)
    {
        _seconds = duration.TotalSeconds;
        return this;
    }

    /// <summary>Milliseconds within which this share of the requests that were answered 200 were.</summary>
    public double Percentile(double percent)
    {
        double[] times = [.. _answers.Where(answer => answer.Status == 200).Select(answer => answer.Milliseconds).Order()];
        return times.Length == 0 ? double.NaN : times[(int)Math.Min(times.Length - 1, Math.Ceiling(percent / 100 * times.Length) - 1)];
    }
}
