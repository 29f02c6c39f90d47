using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed partial class TimelineTests(Browser browser) : PageTest(browser)
{
    ILocator Position => Timeline.GetByRole(AriaRole.Slider, new() { Name = "Position" });

    ILocator Marks => Timeline.GetByRole(AriaRole.List, new() { Name = "Hits in this recording" }).GetByRole(AriaRole.Button);

    [Fact]
    public async Task Enter_opens_the_recording_with_every_hit_in_it()
    {
        await OpenHitsAsync();
        await PressAsync("ArrowDown");
        await PressAsync("Enter");
        await Expect(Timeline).ToContainTextAsync("Metal-00002.wav · 0:05.0");
        await Expect(Marks).ToHaveTextAsync([StretchAt(0), StretchAt(1), StretchAt(2)]);
        await Expect(Position).ToBeFocusedAsync();
        var search = await SearchedAsync(search => search.GetProperty("filter").TryGetProperty("id", out _));
        Assert.Equal("s1", search.GetProperty("filter").GetProperty("id").GetString());
        Assert.Equal("window", search.GetProperty("group").GetString());
        await PressAsync("Escape");
        await Expect(Timeline).ToBeHiddenAsync();
        await Expect(Hits).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_click_plays_from_there_and_arrows_move_the_head()
    {
        await OpenHitsAsync();
        await PressAsync("Enter");
        var box = (await Position.BoundingBoxAsync())!;
        await Position.ClickAsync(new() { Position = new() { X = box.Width / 2, Y = 30 } });
        await Expect(Position).ToHaveAttributeAsync("aria-valuetext", FromTwoSeconds());
        await PressAsync(" ");
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeHiddenAsync();
        await PressAsync("Home");
        await Expect(Position).ToHaveAttributeAsync("aria-valuetext", "0:00.0 of 0:04.0");
        await PressAsync("ArrowRight");
        await Expect(Position).ToHaveAttributeAsync("aria-valuetext", "0:01.0 of 0:04.0");
    }

    [Fact]
    public async Task Brackets_go_from_hit_to_hit()
    {
        await OpenHitsAsync("#q=rain&open=s0~0");
        await Expect(Marks).ToHaveCountAsync(3);
        await PressAsync("]");
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        await Expect(Page.Locator("#dock .time")).ToHaveTextAsync(FromOneSecond());
    }

    [Fact]
    public async Task Zoom_asks_for_a_nearer_picture()
    {
        await OpenHitsAsync("#q=rain&open=s0~2");
        await Expect(Marks).ToHaveCountAsync(3);
        await PressAsync("+");
        const string nearer = "/v1/audio/s0/spectrogram?width=1200&start_seconds=1&end_seconds=3";
        await UntilAsync(() => Service.Media.Contains(nearer), "the middle half of the recording");
        await PressAsync("0");
        await Expect(Timeline.Locator(".ruler span").First).ToHaveTextAsync("0:00.0");
    }

    static string StretchAt(int second) => $"0:0{second}.0 – 0:0{second}.5{0.9 - (2 - second) * 1e-6:F3}";

    [GeneratedRegex(@"^0:0[234]\.\d of 0:04\.0$")]
    private static partial Regex FromTwoSeconds();

    [GeneratedRegex(@"^0:0[1-4]\.\d / 0:04\.0$")]
    private static partial Regex FromOneSecond();
}
