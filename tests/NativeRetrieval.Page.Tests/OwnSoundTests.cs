using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class OwnSoundTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task A_dropped_sound_is_searched_by()
    {
        await OpenAsync();
        await DropAsync("door.wav", "audio/wav", 4);
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        await Expect(Page.GetByRole(AriaRole.List, new() { Name = "Sounds searched by" })).ToContainTextAsync("door.wav");
        var (query, sound) = Assert.Single(Service.AudioSearches);
        Assert.Equal(new byte[4], sound);
        Assert.Equal("?top=100&skip=0&group=file&word_weight=1", query);

        await Field.FillAsync("metal; not music");
        const string mixed = "?top=100&skip=0&group=file&word_weight=1&q=metal&without=music";
        await UntilAsync(() => Service.AudioSearches.Any(search => search.Query == mixed), "the sound with words");
    }

    [Fact]
    public async Task What_is_no_sound_is_refused_before_it_is_sent()
    {
        await OpenAsync();
        await DropAsync("letter.pdf", "application/pdf", 4);
        await Expect(Notice).ToContainTextAsync("“letter.pdf” is no sound (application/pdf).");
        await DropAsync("long.wav", "audio/wav", 51 << 20);
        await Expect(Notice).ToContainTextAsync("“long.wav” has 51 MiB; at most 50 MiB are searched by.");
        Assert.Empty(Service.AudioSearches);
    }

    [Fact]
    public async Task A_recording_is_sent_as_wav()
    {
        await OpenAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Record five seconds" }).ClickAsync();
        await Expect(Notice).ToContainTextAsync(new Regex("Recording: [1-5]"));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Stop recording" }).ClickAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
        var (_, wav) = Assert.Single(Service.AudioSearches);
        Assert.Equal("RIFF"u8.ToArray(), wav[..4]);
        Assert.Equal("WAVEfmt "u8.ToArray(), wav[8..16]);
        int rateHz = BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(24));
        int samples = BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(40)) / 2;
        Assert.Equal(44 + 2 * samples, wav.Length);
        Assert.InRange(samples / (double)rateHz, 0.2, 5.5);
        // The fake microphone beeps.
        Assert.Contains(Enumerable.Range(0, samples), i => SampleAt(wav, i) > 1000);
    }

    [Fact]
    public async Task A_link_to_a_sound_of_another_visit_says_that_it_is_gone()
    {
        await OpenAsync("#like=own-1~~1~own~door.wav");
        await Expect(Notice).ToContainTextAsync("No link holds “door.wav”");
        Assert.Empty(Service.AudioSearches);
    }

    static int SampleAt(byte[] wav, int at) => BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(44 + 2 * at));

    /// <summary>Drops a file of zeros on the page.</summary>
    async Task DropAsync(string name, string type, int bytes)
    {
        var files = await Page.EvaluateHandleAsync("""
            ({ name, type, bytes }) => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(bytes)], name, { type }));
              return files;
            }
            """, new { name, type, bytes });
        await Page.DispatchEventAsync("body", "dragover", new { dataTransfer = files });
        await Expect(Page.GetByText("Drop a sound to find others like it")).ToBeVisibleAsync();
        await Page.DispatchEventAsync("body", "drop", new { dataTransfer = files });
        await Expect(Page.GetByText("Drop a sound to find others like it")).ToBeHiddenAsync();
    }
}
