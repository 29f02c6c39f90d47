using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace NativeRetrieval.Page.Tests;

/// <summary>A run whose events a test tells, one after the other, to all who follow it.</summary>
internal sealed class MadeUpRun
{
    readonly Lock _gate = new();
    readonly List<(string Name, string Text)> _events = [];
    TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasEnded
    {
        get
        {
            lock (_gate) return _events is [.., (not ("progress" or "refused"), _)];
        }
    }

    /// <summary>True once the page has asked for its cancellation.</summary>
    public bool IsCancelled { get; set; }

    public void Progress(int done, int total, double seconds, double elapsed, string? path) => Tell("progress",
        new { index = "sounds", done, total, seconds, elapsed_seconds = elapsed, path });

    public void Refuse(string reason) => Tell("refused", new { reason });

    public void End(string name, int added = 0, int changed = 0, int moved = 0, int unchanged = 0, int refused = 0) => Tell(name,
        new { index = "sounds", added, changed, moved, removed = 0, unchanged, refused, seconds = 60.0, elapsed_seconds = 9.0 });

    public void Fail(string detail) => Tell("error", new { type = "about:blank", title = "Conflict", status = 409, detail });

    void Tell(string name, object data)
    {
        lock (_gate)
        {
            _events.Add((name, $"event: {name}\ndata: {JsonSerializer.Serialize(data)}\n\n"));
            _news.SetResult();
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Sends what a follower has to know, as the service does: all refusals, the newest state, and what comes.</summary>
    public async Task FollowAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.StartAsync(context.RequestAborted);
        for (int told = 0; ;)
        {
            List<string> texts;
            Task news;
            lock (_gate)
            {
                var fresh = _events[told..];
                texts = [.. fresh.Where((item, i) => item.Name != "progress" || i == fresh.Count - 1).Select(item => item.Text)];
                (told, news) = (_events.Count, _news.Task);
            }
            foreach (string text in texts) await context.Response.WriteAsync(text, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (HasEnded && told == Count) return;
            await news.WaitAsync(context.RequestAborted);
        }
    }

    int Count
    {
        get
        {
            lock (_gate) return _events.Count;
        }
    }
}
