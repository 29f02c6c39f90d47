using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class SearchTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task Typing_brings_ranked_hits_with_their_reasons()
    {
        await OpenAsync();
        await Field.PressSequentiallyAsync("rain on a roof");
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");

        var first = Hits.GetByRole(AriaRole.Option).First;
        await Expect(first).ToContainTextAsync("Rain-00001.wav");
        await Expect(first).ToContainTextAsync("recording 1 of the library");
        await Expect(first).ToContainTextAsync("0:01.0 – 0:02.0");
        await Expect(first).ToContainTextAsync("0.900");
        await Expect(first).ToContainTextAsync("over 99.95 %");
        await Expect(first).ToContainTextAsync("sound #1");
        await Expect(first).ToContainTextAsync("words #1: rain");
        await Expect(first.Locator(".name mark")).ToHaveTextAsync("Rain");
        // The folder that all share is not repeated.
        await Expect(first.Locator(".about")).ToHaveTextAsync("Rain · recording 1 of the library");
        Assert.Equal("rain on a roof", Service.Searches.Last().GetProperty("parts")[0].GetProperty("text").GetString());
        Assert.True(Service.Searches.Count < 14, "every letter was searched for");
    }

    [Fact]
    public async Task Spectrograms_are_drawn_in_colour_below_the_waveform()
    {
        await OpenHitsAsync();
        // Half of the made-up spectrogram is white, which becomes the palest of the colours, held back or not.
        string script = """
            () => {
              const canvas = document.querySelector('.row canvas');
              // Of a copy: the browser warns of a canvas that is read twice.
              const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              const { data } = copy.getImageData(0, canvas.height / 2, canvas.width, canvas.height / 2);
              let coloured = 0;
              for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 2] + 20) coloured++;
              return coloured / (data.length / 4) > 0.2;
            }
            """;
        await Page.WaitForFunctionAsync(script);
    }

    [Fact]
    public async Task The_latest_question_wins_and_cancels_the_older()
    {
        var asked = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        Service.BeforeSearch = async (text, aborted) =>
        {
            if (text != "slow") return;
            asked.SetResult();
            aborted.Register(cancelled.SetResult);
            await cancelled.Task;
        };
        await OpenAsync();
        await Field.FillAsync("slow");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        await Field.FillAsync("fast");
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        Assert.Equal("fast", Service.Searches.Last().GetProperty("parts")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Semicolons_part_sentences_and_not_excludes()
    {
        await OpenAsync();
        await Field.FillAsync("rain; wind *0.5; not music");
        var search = await SearchedAsync(_ => true);
        Assert.Equal("""[{"text":"rain","weight":1},{"text":"wind","weight":0.5}]""", search.GetProperty("parts").GetRawText());
        Assert.Equal("""["music"]""", search.GetProperty("without").GetRawText());
    }

    [Fact]
    public async Task Buttons_write_what_the_field_understands()
    {
        await OpenAsync();
        await Field.FillAsync("rain");
        await Page.GetByRole(AriaRole.Button, new() { Name = "not", Exact = true }).ClickAsync();
        await Page.Keyboard.TypeAsync("music");
        await Expect(Field).ToHaveValueAsync("rain; not music");
        await Page.GetByRole(AriaRole.Button, new() { Name = "and", Exact = true }).ClickAsync();
        await Page.Keyboard.TypeAsync("wind");
        await Expect(Field).ToHaveValueAsync("rain; not music; wind");
    }

    [Fact]
    public async Task Only_what_to_leave_out_is_no_question()
    {
        await OpenAsync();
        await Field.FillAsync("not music");
        await Expect(Page.GetByText("Say also what to look for")).ToBeVisibleAsync();
        Assert.Empty(Service.Searches);
    }

    [Fact]
    public async Task Words_that_the_model_does_not_know_are_named()
    {
        await OpenAsync();
        await Field.FillAsync("xyzzy");
        await Expect(Notice).ToContainTextAsync("The model knows no word of “xyzzy”");
    }

    [Fact]
    public async Task A_click_on_an_example_searches()
    {
        await OpenAsync();
        await Page.GetByRole(AriaRole.Link, new() { Name = "rain on a tin roof" }).ClickAsync();
        await Expect(Field).ToHaveValueAsync("rain on a tin roof");
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
    }

    [Fact]
    public async Task Ranking_and_grouping_are_asked_for()
    {
        await OpenHitsAsync();
        await Page.GetByLabel("Ranking", new() { Exact = true }).SelectOptionAsync("Sound alone");
        await SearchedAsync(search => search.GetProperty("word_weight").GetDouble() == 0);
        await Page.GetByLabel("Hits for each recording").SelectOptionAsync("Every stretch");
        await SearchedAsync(search => search.GetProperty("group").GetString() == "window");
    }
}
