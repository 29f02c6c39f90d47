using System.Diagnostics;
using System.Net;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary>Sounds that strangers send: whatever they are, the service lives.</summary>
public sealed class UploadTests(SharedService shared) : IClassFixture<SharedService>
{
    readonly TestService _service = shared.Service;

    [Fact]
    public async Task What_is_no_sound_is_refused_with_a_reason_that_names_no_path()
    {
        foreach (byte[] sound in (byte[][])["text"u8.ToArray(), new byte[100], [.. "RIFF"u8, 255, 255, 255, 255, .. "WAVEfmt "u8],
            [.. "OggS"u8, .. new byte[60]], [.. "fLaC"u8, .. new byte[60]], [0xFF, 0xFB, 0x90, 0x64, .. new byte[500]]])
        {
            string reason = await TestService.RefusalOf(await _service.PostAsync("/v1/search/audio", sound),
                HttpStatusCode.UnprocessableEntity);
            Assert.StartsWith("the sound", reason);
            Assert.DoesNotContain("nativeretrieval-upload", reason);
        }
        await TestService.RefusalOf(await _service.PostAsync("/v1/search/audio", []), HttpStatusCode.UnprocessableEntity);
        Assert.Equal(HttpStatusCode.OK, (await _service.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task An_upload_over_the_limit_is_refused()
    {
        await using var service = await TestService.StartAsync(options =>
            options with { Limits = new ServerLimits { UploadBytes = 2048 } });
        Assert.Contains("it may have 2,048",
            await TestService.RefusalOf(await service.PostAsync("/v1/search/audio", new byte[2049]), HttpStatusCode.RequestEntityTooLarge));
    }

    [Fact]
    public async Task A_start_behind_the_end_is_refused()
    {
        byte[] sound = await File.ReadAllBytesAsync(_service["s/low.wav"], TestContext.Current.CancellationToken);
        Assert.Contains("ends at 1.000 s", await TestService.RefusalOf(await _service.PostAsync("/v1/search/audio?start_seconds=5", sound),
            HttpStatusCode.UnprocessableEntity));
    }

    [Theory]
    [InlineData("cat /dev/zero", "more than")]
    [InlineData("exit 3", "within an upload's limits")]
    [InlineData("kill -KILL $$", "within an upload's limits")]
    [InlineData("exec sleep 1000", "took more than 1 s")]
    [InlineData("printf '\\001a message'", "a message")]
    [InlineData("true", "within an upload's limits")]
    public async Task A_decoder_that_was_taken_over_is_ended(string script, string reason)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the decoders of this test are shell scripts");
        await using var service = await TestService.StartAsync(options => options with
        {
            UploadProgram = ["sh", "-c", script],
            // Only what never ends is waited for in vain.
            Limits = new ServerLimits { UploadSeconds = script.Contains("sleep", StringComparison.Ordinal) ? 1 : 600 },
        });
        var response = await service.PostAsync("/v1/search/audio", new byte[100]);
        string detail = await TestService.RefusalOf(response, response.StatusCode);
        Assert.True(response.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge);
        Assert.Contains(reason, detail);
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/v1/search?q=rain")).StatusCode);
    }

    [Fact]
    public async Task The_decoder_gets_no_secret_of_the_environment()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the decoder of this test is a shell script");
        Environment.SetEnvironmentVariable("NATIVERETRIEVAL_TEST_SECRET", "the secret");
        await using var service = await TestService.StartAsync(options => options with { UploadProgram = ["sh", "-c",
            "printf '\\001'; env"] });
        string said = await TestService.RefusalOf(await service.PostAsync("/v1/search/audio", new byte[100]),
            HttpStatusCode.UnprocessableEntity);
        Assert.Contains("PATH=", said);
        Assert.DoesNotContain("the secret", said);
    }

    [Fact]
    public async Task Without_a_process_to_decode_them_uploads_are_refused()
    {
        await using var service = await TestService.StartAsync(options => options with { UploadProgram = [] });
        Assert.Contains("takes no uploads",
            await TestService.RefusalOf(await service.PostAsync("/v1/search/audio", new byte[100]), HttpStatusCode.NotImplemented));
    }

    [Fact]
    public void The_process_takes_no_more_processor_time_and_memory_than_it_may()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the limits are the system's");
        using var folder = new TemporaryFolder();
        WavFile.Write(folder["a.wav"], 1, 300);
        Assert.Equal(0, Run("60", $"{512L << 20}"));
        Assert.NotEqual(0, Run("60", "1000000"));

        int Run(string cpuSeconds, string memoryBytes)
        {
            string[] program = TestService.DecodingProgram;
            var start = new ProcessStartInfo(program[0], [program[1], Uploads.UploadProcess.Command, folder["a.wav"], "16000", "high",
                "0", "2",
                cpuSeconds, memoryBytes]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
            using var process = Process.Start(start)!;
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            using var output = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            if (process.ExitCode == 0 && output.ToArray() is [0, ..]) Assert.Equal(1 + 16_000 * sizeof(float), output.Length);
            return process.ExitCode != 0 || output.ToArray() is not [0, ..] ? 1 : 0;
        }
    }
}
