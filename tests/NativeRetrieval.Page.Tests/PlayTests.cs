using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class PlayTests(Browser browser) : PageTest(browser)
{
    ILocator Pause => Page.GetByRole(AriaRole.Button, new() { Name = "Pause" });

    ILocator Time => Page.Locator("#dock .time");

    [Fact]
    public async Task Space_plays_from_the_time_of_the_hit_and_pauses()
    {
        await Page.AddInitScriptAsync(RememberStarts);
        await OpenHitsAsync();
        await PressAsync(" ");
        await Expect(Current).ToHaveClassAsync(Words("playing"));
        Assert.InRange(await FirstStartAsync(), 1, 1.4);
        await Expect(Pause).ToBeVisibleAsync();
        await Expect(Current.Locator(".head")).ToBeVisibleAsync();
        await Expect(Time).ToHaveTextAsync(Words("^0:0[1-4].. / 0:04.0$"));
        await UntilAsync(() => Service.Media.Contains("/v1/audio/s0"), "the sound");
        await PressAsync(" ");
        await Expect(Pause).ToBeHiddenAsync();
        await Expect(Current).Not.ToHaveClassAsync(Words("playing"));
    }

    [Fact]
    public async Task Moving_while_a_sound_plays_plays_the_next()
    {
        await OpenHitsAsync();
        await PressAsync(" ");
        await Expect(Pause).ToBeVisibleAsync();
        await PressAsync("ArrowDown");
        await Expect(Page.Locator("#dock .name")).ToHaveTextAsync("Metal-00002.wav");
        await Expect(Current).ToHaveClassAsync(Words("playing"));
        await UntilAsync(() => Service.Media.Contains("/v1/audio/s1"), "the next sound");
    }

    [Fact]
    public async Task A_click_on_a_picture_plays_from_there()
    {
        await Page.AddInitScriptAsync(RememberStarts);
        await OpenHitsAsync();
        var picture = Page.Locator(".row").First.Locator(".picture");
        var box = (await picture.BoundingBoxAsync())!;
        await picture.ClickAsync(new() { Position = new() { X = box.Width * 3 / 4, Y = 20 } });
        await Expect(Time).ToHaveTextAsync(Words("^0:0[34].. / 0:04.0$"));
        Assert.InRange(await FirstStartAsync(), 2.98, 3.4);
    }

    [Fact]
    public async Task What_the_browser_cannot_read_comes_as_wav()
    {
        await Page.RouteAsync("**/v1/audio/s0", route => route.FulfillAsync(new() { ContentType = "audio/wav", Body = "no sound" }));
        await OpenHitsAsync();
        await PressAsync(" ");
        await Expect(Pause).ToBeVisibleAsync();
        await UntilAsync(() => Service.Media.Contains("/v1/audio/s0?as=wav&start_seconds=1&end_seconds=4"), "the stretch as WAV");
        await Expect(Time).ToHaveTextAsync(Words("^0:0[1-4].. / 0:04.0$"));
    }

    [Fact]
    public async Task A_sound_that_does_not_play_is_named()
    {
        Expected.Add("404");
        await Page.RouteAsync("**/v1/audio/s0*", route => route.FulfillAsync(new() { Status = 404 }));
        await OpenHitsAsync();
        await PressAsync(" ");
        await Expect(Notice).ToContainTextAsync("“Rain-00001.wav” does not play");
    }

    /// <summary>Seconds of the recording at which sound was first heard.</summary>
    async Task<double> FirstStartAsync()
    {
        await Page.WaitForFunctionAsync("() => starts.length > 0");
        return await Page.EvaluateAsync<double>("() => starts[0]");
    }

    const string RememberStarts = """
        window.starts = [];
        const Original = window.Audio;
        window.Audio = function () {
          const audio = new Original();
          audio.addEventListener('playing', () => window.starts.push(audio.currentTime));
          return audio;
        };
        """;

    static System.Text.RegularExpressions.Regex Words(string pattern) => new(pattern);
}
