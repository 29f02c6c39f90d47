using Microsoft.Playwright;
using NativeRetrieval.Server.Endpoints;

[assembly: AssemblyFixture(typeof(NativeRetrieval.Page.Tests.Browser))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace NativeRetrieval.Page.Tests;

/// <summary>One Chromium of the system for all tests, with a microphone that beeps and leave to play sounds.</summary>
public sealed class Browser : IAsyncLifetime
{
    const string Variable = "NATIVERETRIEVAL_CHROMIUM";

    /// <summary>Milliseconds after which a page is said to be stuck: for no answer here, not for a slow machine.</summary>
    const float TimeoutMilliseconds = 60_000;

    /// <summary>The first is the engine without windows of its own: half of the work.</summary>
    static readonly string[] _programs =
        ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    IPlaywright? _playwright;
    IBrowser? _browser;

    /// <summary>The reason that the tests cannot run here; null where they can.</summary>
    public static string? WhyAbsent =>
        Program() is null
            ? $"there is no Chromium at {string.Join(", ", _programs)}; install Debian's chromium-headless-shell or "
                + $"chromium, or set {Variable} to the program"
        : !PageEndpoints.IsBuilt ? "the page was not built with the service: that takes Node.js 18 or later, npm and its registry"
        : null;

    public async ValueTask InitializeAsync()
    {
        if (WhyAbsent is not null) return;
        Assertions.SetDefaultExpectTimeout(TimeoutMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program(),
            Args = ["--no-sandbox", "--disable-gpu", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        });
    }

    /// <summary>A window of its own, without history or storage.</summary>
    public async Task<IBrowserContext> WindowAsync(BrowserNewContextOptions options)
    {
        if (WhyAbsent is { } reason) Assert.Skip(reason);
        var window = await _browser!.NewContextAsync(options);
        window.SetDefaultTimeout(TimeoutMilliseconds);
        return window;
    }

    static string? Program() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : _programs.FirstOrDefault(File.Exists);

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
