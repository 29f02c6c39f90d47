using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace NativeRetrieval.Page.Tests;

/// <summary>
/// A page of its own for each test, before a made-up service. Whatever the console or the content policy says fails the test.
/// </summary>
public abstract class PageTest(Browser browser) : IAsyncLifetime
{
    readonly ConcurrentQueue<string> _complaints = new();
    IBrowserContext? _window;

    internal MadeUpService Service { get; private set; } = null!;

    protected IPage Page { get; private set; } = null!;

    protected ILocator Field => Page.GetByLabel("What to look for");

    protected ILocator Hits => Page.GetByRole(AriaRole.Listbox, new() { Name = "Hits" });

    protected ILocator Status => Page.Locator("#status");

    protected ILocator Notice => Page.GetByRole(AriaRole.Alert);

    protected ILocator Timeline => Page.GetByRole(AriaRole.Region, new() { Name = "Timeline of the recording" });

    /// <summary>The current hit's row.</summary>
    protected ILocator Current => Page.Locator(".row.current");

    /// <summary>Texts of the console that the test brings about.</summary>
    protected List<string> Expected { get; } = [];

    protected virtual BrowserNewContextOptions Window => new() { ViewportSize = new() { Width = 1200, Height = 760 } };

    public async ValueTask InitializeAsync()
    {
        if (Browser.WhyAbsent is { } reason) Assert.Skip(reason);
        Service = await MadeUpService.StartAsync();
        _window = await browser.WindowAsync(Window);
        Page = await _window.NewPageAsync();
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue(message.Text);
        };
        Page.PageError += (_, error) => _complaints.Enqueue(error);
    }

    protected async Task OpenAsync(string link = "")
    {
        await Page.GotoAsync($"{Service.Address}/{link}");
        await Assertions.Expect(Page.Locator("#library")).ToContainTextAsync("sounds");
    }

    /// <summary>Opens the page with hits, and the keys on them.</summary>
    protected async Task OpenHitsAsync(string link = "#q=rain")
    {
        await OpenAsync(link);
        await Assertions.Expect(Status).ToContainTextAsync("in 7 ms");
        await Hits.FocusAsync();
    }

    protected Task PressAsync(string key) => Page.Keyboard.PressAsync(key);

    /// <summary>Waits until the service saw something.</summary>
    protected static async Task UntilAsync(Func<bool> seen, string what)
    {
        for (int tries = 0; !seen(); tries++)
        {
            if (tries == 600) throw new InvalidOperationException($"never came: {what}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The first search that meets a condition.</summary>
    internal async Task<JsonElement> SearchedAsync(Func<JsonElement, bool> condition)
    {
        await UntilAsync(() => Service.Searches.Any(condition), "a search that meets the condition");
        return Service.Searches.First(condition);
    }

    public async ValueTask DisposeAsync()
    {
        if (_window is not null) await _window.DisposeAsync();
        if (Service is not null) await Service.DisposeAsync();
        GC.SuppressFinalize(this);
        Assert.DoesNotContain(_complaints, text => !Expected.Exists(expected => text.Contains(expected, StringComparison.Ordinal)));
    }
}
